//! Who has to look at a certificate.

use super::super::parse_profile;

const EXAMPLE: &str = include_str!("../../../../../examples/profiles/signed-off.toml");

#[test]
fn the_example_asks_for_six_of_eight() {
    let demand = parse_profile("signed-off.toml", EXAMPLE).unwrap().sign_off.unwrap();
    assert_eq!((demand.need, demand.roles.len()), (6, 8));
    let first = &demand.roles[0];
    assert_eq!((first.id.as_str(), first.contact.as_str()), ("lead-certifier", "certification@example.org"));
    assert!(demand.roles.iter().all(|role| role.contact.ends_with("@example.org")));
}

#[test]
fn a_demand_that_cannot_be_met_is_refused_with_its_place() {
    let cases = [
        ("need = 6", "need = 9", "`need` is 9: it must lie between 1 and 8"),
        ("need = 6", "need = 0", "`need` is 0: it must lie between 1 and 8"),
        ("need = 6", "", "`need` is missing from [sign_off]"),
        ("id = \"final-approval\"", "id = \"lead-certifier\"", "a second role with the id `lead-certifier`"),
        ("id = \"final-approval\"", "id = \"Final\"", "`id` is not a name"),
        ("contact = \"release@example.org\"", "", "`contact` is missing from [[sign_off.role]]"),
        ("contact = \"release@example.org\"", "contact = \" \"", "`contact` is empty"),
        (
            "contact = \"release",
            "email = \"x\"\ncontact = \"release",
            "unknown key `email` in [[sign_off.role]]",
        ),
    ];
    for (from, to, problem) in cases {
        let error = parse_profile("p.toml", &EXAMPLE.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(problem), "{error} instead of {problem}");
        assert!(error.line > 0, "{error}");
    }
}
