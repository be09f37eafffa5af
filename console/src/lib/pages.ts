/** The pages of the console, in the order in which they are listed: what the navigation and the palette offer. */
export interface Place {
  path: string;
  name: string;
  /** Whoever may do none of this has nothing to look for there. */
  needs: string;
}

/** Where the console lies on the server. */
export const base = "/console";

export const PLACES: Place[] = [
  { path: base, name: "Overview", needs: "account.read" },
  { path: `${base}/certificates`, name: "Certificates", needs: "certification.list" },
  { path: `${base}/certifications`, name: "Certifications", needs: "certification.list" },
  { path: `${base}/subjects`, name: "Subjects", needs: "subject.list" },
  { path: `${base}/profiles`, name: "Profiles", needs: "profile.list" },
  { path: `${base}/audit`, name: "Audit trail", needs: "audit.list" },
  { path: `${base}/journal`, name: "Journal", needs: "journal.prove" },
  { path: `${base}/people`, name: "People", needs: "user.list" },
  { path: `${base}/account`, name: "My account", needs: "account.read" },
  { path: `${base}/settings`, name: "Settings", needs: "settings.read" },
];
