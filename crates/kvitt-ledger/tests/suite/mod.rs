//! What every ledger must do, whatever it stores in. A store runs all of it by [`suite!`].

pub(crate) mod api_keys;
pub(crate) mod feed;
pub(crate) mod figures;
pub(crate) mod freezing;
pub(crate) mod idempotency;
pub(crate) mod inbox;
pub(crate) mod later;
pub(crate) mod looks;
pub(crate) mod private;
pub(crate) mod replicas;
pub(crate) mod sample;
pub(crate) mod sessions;
pub(crate) mod status;
pub(crate) mod streams;
pub(crate) mod summaries;
pub(crate) mod users;
pub(crate) mod webhooks;
pub(crate) mod work;

/// Runs each test of the suite on a ledger of its own. `$fresh` makes one, as a pair of something
/// that lives as long as the ledger and an `Arc<dyn Ledger>`.
macro_rules! suite {
    ($fresh:path) => {
        $crate::suite::suite! { @ $fresh;
            api_keys: [
                a_key_is_found_by_its_digest,
                an_id_or_a_digest_is_taken_once,
                a_key_is_revoked_once,
            ]
            feed: [
                many_writers_leave_no_gap_for_a_reader_that_follows,
                it_goes_on_after_a_position_by_pieces,
            ]
            figures: [
                what_is_counted_is_added_up,
                what_was_counted_by_another_is_not_counted_again,
                they_are_asked_for_by_kind_and_day,
            ]
            freezing: [
                a_ledger_is_not_frozen_by_itself,
                it_is_frozen_once_and_thawed_once,
                a_frozen_ledger_can_be_written_to,
                a_frozen_ledger_refuses_what_acts_and_hands_out_no_work,
            ]
            idempotency: [
                a_record_is_read_back,
                a_key_is_taken_once_within_a_sale,
                only_sale_requester_and_key_together_are_taken,
            ]
            inbox: [
                a_message_is_kept_once_and_counted,
                another_door_or_another_word_is_another_message,
                a_sale_keeps_only_so_many,
                erasing_empties_what_they_said,
                klarna_is_heard_of_by_its_own_messages_alone,
                orders_are_counted_that_came_after_the_last_word,
                counting_ends_where_there_are_many,
            ]
            looks: [
                a_look_that_is_due_becomes_work_once,
                who_has_waited_longest_comes_first,
                a_look_under_way_is_left_alone,
            ]
            private: [
                values_are_set_replaced_and_removed,
                erasing_takes_the_personal_and_leaves_the_rest,
                nothing_of_it_is_printed,
                strange_names_and_long_values_come_back_whole,
            ]
            replicas: [
                who_lives_is_counted_and_has_a_place,
                who_is_not_heard_of_does_not_count,
                who_comes_back_counts_again,
                who_is_gone_does_not_count,
                those_who_ask_again_have_seen_each_other,
            ]
            sessions: [
                a_session_leads_to_its_user_until_it_is_closed,
                a_session_that_has_ended_leads_nowhere,
                a_new_password_ends_the_users_sessions_and_no_others,
                a_revoked_user_has_no_session,
                what_was_checked_before_a_change_opens_nothing,
                the_longest_session_does_not_overflow,
            ]
            status: [
                each_state_is_found_as_what_it_is_at_that_time,
                the_summary_and_the_filter_agree,
            ]
            streams: [
                every_kind_of_event_comes_back_as_it_went_in,
                an_intent_leads_to_its_sale,
                an_unknown_sale_is_empty,
                of_two_writers_one_wins,
                the_loser_leaves_nothing_behind,
                a_version_ahead_is_a_conflict,
                a_step_without_events_is_stored,
                a_step_that_does_not_fit_together_is_refused,
                it_answers_that_it_is_ready,
            ]
            summaries: [
                a_summary_is_replaced_by_the_next,
                each_filter_holds,
                filters_hold_together,
                search_finds_a_beginning_or_all,
                search_takes_wildcards_as_they_are,
                a_search_that_fits_most_is_answered_like_any_other,
                pages_over_one_moment_are_whole_and_newest_first,
                what_comes_later_does_not_move_a_page,
                a_page_is_never_empty_or_endless,
                a_cursor_of_another_make_is_refused,
            ]
            users: [
                a_user_is_found_by_its_name_in_whatever_case,
                a_name_or_an_id_is_taken_once,
                a_password_is_replaced,
                a_user_is_revoked_once,
                no_hash_is_printed,
            ]
            webhooks: [
                an_endpoint_is_read_back_as_it_was_stored,
                a_change_is_stored_against_its_revision_alone,
                a_request_is_taken_once,
                a_deleted_endpoint_is_told_nothing,
                no_secret_is_printed,
                positions_move_on_from_where_they_are,
                the_feeds_end_is_its_last_position,
                a_sales_messages_come_one_after_the_other,
                what_is_queued_twice_is_sent_once,
                what_was_sent_is_sent_again_when_asked_for,
                a_message_that_is_not_taken_waits_and_holds_up_its_sale_alone,
                what_came_meanwhile_is_not_missed,
                a_claim_that_ended_writes_nothing,
                claims_are_of_one_endpoint_and_no_more_than_asked_for,
                waking_makes_all_that_waits_due,
                what_nobody_sent_for_long_is_late,
                messages_are_listed_newest_first_by_state,
                nothing_is_lost_between_those_who_queue_and_those_who_send,
            ]
            work: [
                what_is_due_is_claimed_once,
                what_is_not_due_waits,
                a_lease_that_ended_is_claimed_anew,
                a_stale_claim_writes_nothing,
                unclaimed_work_is_its_schedulers,
                a_claim_carries_a_step_and_ends_with_it,
                scheduling_anew_ends_a_claim,
                an_old_claim_stays_stale_over_finishing_and_scheduling,
                released_work_keeps_its_attempts,
                a_refused_step_schedules_and_finishes_nothing,
                claims_at_once_share_the_work,
                work_of_some_kinds_is_claimed_past_the_rest,
                the_longest_wait_does_not_overflow,
                what_nobody_took_for_long_is_late,
            ]
        }
    };
    (@ $fresh:path; $($room:ident: [$($test:ident),* $(,)?])*) => {
        $(mod $room {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let (_kept, ledger) = $fresh().await;
                    $crate::suite::$room::$test(ledger).await;
                }
            )*
        })*
    };
}
pub(crate) use suite;
