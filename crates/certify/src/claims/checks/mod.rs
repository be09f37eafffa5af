//! The checks, one family a file. All of them on one screen.

mod budget;
mod capacity;
mod counts;
mod dates;
mod downtime;
mod limits;
mod load;
mod method;
mod prose;
mod readiness;
mod recovery;
mod samples;
mod scope;
mod scores;
mod signatures;
mod sums;
mod targets;

use super::{Case, Finding};

/// A check: what it finds in a document.
pub(super) type Check = fn(&Case) -> Vec<Finding>;

/// Every check there is.
pub(super) const ALL: [Check; 43] = [
    // Two statements that cannot both be true.
    budget::error_budget_used,
    budget::error_budget_remaining,
    budget::latency_budget_remaining,
    load::totals_are_rates_times_durations,
    load::errors_are_whole_numbers,
    load::successes_are_what_did_not_fail,
    load::means_are_below_maxima,
    load::quantiles_are_in_order,
    prose::quantiles_are_in_order,
    load::objectives_that_are_called_met,
    load::runs_within_the_objective,
    capacity::capacity_was_measured,
    recovery::recovery_time_against_drills,
    recovery::recovery_time_in_rows,
    recovery::recovery_time_met_in_all,
    recovery::recovery_time_in_words,
    recovery::recovery_point_against_backups,
    prose::error_budget_used,
    prose::totals_are_rates_times_durations,
    prose::errors_are_their_share,
    downtime::downtime_against_uptime,
    downtime::downtime_of_a_period,
    sums::parts_make_the_total,
    counts::fractions_against_percentages,
    counts::averages_of_scores,
    targets::targets_that_are_called_met,
    targets::times_better,
    readiness::ticked_and_not_done,
    readiness::immediate_and_still_to_be_tested,
    // Dates and signatures.
    dates::days_that_exist,
    dates::validity_ends_after_it_begins,
    dates::expiry_follows_issue,
    signatures::placeholders,
    signatures::somebody_signed,
    // More is said than was seen.
    samples::samples_for_the_quantile,
    prose::samples_for_the_quantile,
    samples::all_of_a_few,
    samples::availability_of_minutes,
    scope::larger_than_what_was_measured,
    scores::scores_follow_from_counts,
    // Nothing to refute.
    method::figures_have_a_method,
    method::counts_are_numbers,
    limits::adjectives_are_no_limits,
];
