//! Discord's rate limits, as its headers and its 429s tell them.
//!
//! A limit belongs to a route: a method and a path in which only the channel, guild or webhook keeps its id. Where the last
//! answer on a route said that nothing is left, or a 429 said to wait, calls on it are held back until that is over; a 429
//! that is `global` holds all. Calls about interactions are outside of the limits.
//!
//! Source: <https://docs.discord.com/developers/topics/rate-limits>, read 2026-11.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// Most routes that are remembered; those whose time is over are forgotten first.
const MAX_ROUTES: usize = 4096;

/// Calls that reach Discord in a second at most; it takes 50.
/// Source: <https://docs.discord.com/developers/topics/rate-limits#global-rate-limit>, read 2026-11.
const MAX_A_SECOND: usize = 48;

/// A second, in which these are counted: from the answer of each, since nobody knows when it arrived before that.
const SECOND: Duration = Duration::from_secs(1);

/// Wait for the first answer where all calls of a second are under way.
const FOR_AN_ANSWER: Duration = Duration::from_millis(20);

/// Refusals (401, 403, 429) in [`INVALID_SPAN`] after which nothing is asked for until they are fewer: for 10,000 Discord bans
/// the address.
/// Source: <https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans>, read 2026-11.
const MAX_INVALID: usize = 8_000;

/// The time in which these are counted.
const INVALID_SPAN: Duration = Duration::from_secs(600);

/// Times that are believed, in which calls are counted.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(600);

/// Longest wait that is believed; a day is how long a message is kept at all.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a limit belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Route(Option<String>);

impl Route {
    /// Finds the route of a call.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let mut parts = path.split('/');
        let (first, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if first == "interactions" || first == "webhooks" {
            return Self(None);
        }
        let keeps_id = matches!(first, "channels" | "guilds");
        let id = if keeps_id || !is_id(id) { id } else { "*" };
        let rest: String = parts.map(|part| if is_id(part) { "/*" } else { part }).collect::<Vec<_>>().join("/");
        // All reactions share one limit, whatever the emoji.
        let rest = rest.split_once("reactions").map_or(rest.as_str(), |_| "reactions");
        Self(Some(format!("{method} {first}/{id}/{rest}")))
    }
}

impl Route {
    /// Whether it is the route of typing, which is asked for again and again while an agent works.
    pub(crate) fn is_sign(&self) -> bool {
        self.0.as_deref().is_some_and(|route| route.ends_with("/typing"))
    }
}

fn is_id(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

/// What an answer's headers tell of its route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    /// Calls that are left, and the time after which all are again.
    left: Option<(u64, Duration)>,
    /// Calls that may be made in that time in all.
    in_all: Option<u64>,
}

impl Standing {
    /// Reads the headers.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let left = text("x-ratelimit-remaining").and_then(|left| left.parse().ok());
        let after = text("x-ratelimit-reset-after").and_then(|after| after.parse().ok());
        let after = after.and_then(|after: f64| Duration::try_from_secs_f64(after).ok());
        let in_all = text("x-ratelimit-limit").and_then(|limit| limit.parse().ok());
        Self { left: left.zip(after), in_all }
    }
}

/// The limits that are in force.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    all: Option<Instant>,
    routes: HashMap<String, Instant>,
    /// Calls that are under way.
    under_way: usize,
    /// When the calls of the last second were answered.
    answered: VecDeque<Instant>,
    /// When the last refusals came that count towards a ban.
    invalid: VecDeque<Instant>,
    /// How many calls of a route may be made in how long.
    told: HashMap<String, (u64, Duration)>,
}

impl Limits {
    /// Says how long a call must wait, and whether all others must too.
    pub(crate) fn held(&self, route: &Route, now: Instant) -> Option<(Duration, bool)> {
        let Route(Some(route)) = route else { return None };
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |until: Option<Instant>| until.filter(|until| *until > now).map(|until| until - now);
        wait(held.all).map(|wait| (wait, true)).or_else(|| Some((wait(held.routes.get(route).copied())?, false)))
    }

    /// Takes one of the calls that may be made in this second, until the guard is dropped; none for calls about interactions,
    /// which are not counted.
    ///
    /// # Errors
    /// How long to wait where none is left.
    pub(crate) fn turn(&self, route: &Route, now: Instant) -> Result<Option<UnderWay<'_>>, Duration> {
        if route.0.is_none() {
            return Ok(None);
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_before(&mut held.answered, now, SECOND);
        if held.under_way + held.answered.len() >= MAX_A_SECOND {
            let free = held.answered.front().map(|first| (*first + SECOND).saturating_duration_since(now));
            return Err(free.unwrap_or(FOR_AN_ANSWER));
        }
        held.under_way += 1;
        Ok(Some(UnderWay(self)))
    }

    fn answered(&self, now: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.under_way = held.under_way.saturating_sub(1);
        held.answered.push_back(now);
    }

    /// Counts a refusal that counts towards a ban. Where there are too many, nothing is asked for until the first of them are
    /// forgotten.
    pub(crate) fn count_invalid(&self, now: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_before(&mut held.invalid, now, INVALID_SPAN);
        held.invalid.push_back(now);
        if held.invalid.len() < MAX_INVALID {
            return;
        }
        if let Some(first) = held.invalid.pop_front() {
            tracing::warn!(
                "Discord has refused too much lately; it is left alone for a while, lest it bans this address"
            );
            held.all = held.all.max(Some(first + INVALID_SPAN));
        }
    }

    /// Notes what an answer told.
    pub(crate) fn note(&self, route: &Route, standing: &Standing, now: Instant) {
        if let Some((0, after)) = standing.left {
            self.hold(route, after, false, now);
        }
        self.learn(route, standing);
    }

    /// Learns how many calls of a route may be made in how long, from the first answer of such a time.
    fn learn(&self, route: &Route, standing: &Standing) {
        let (Route(Some(route)), Some((left, within)), Some(in_all)) = (route, standing.left, standing.in_all) else {
            return;
        };
        if left.saturating_add(1) != in_all || !(SHORTEST..=LONGEST).contains(&within) {
            return;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.told.len() >= MAX_ROUTES {
            held.told.clear();
        }
        held.told.insert(route.clone(), (in_all, within));
    }

    /// Returns how many calls of a route may be made in how long, where that was told.
    pub(crate) fn told(&self, route: &Route) -> Option<(u64, Duration)> {
        let Route(Some(route)) = route else { return None };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).told.get(route).copied()
    }

    /// Holds a route back, or everything. What is held already for longer stays so: the answers of calls that were made side
    /// by side come in any order.
    pub(crate) fn hold(&self, route: &Route, after: Duration, everywhere: bool, now: Instant) {
        let until = now + after.min(MAX_WAIT);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if everywhere {
            held.all = held.all.max(Some(until));
            return;
        }
        let Route(Some(route)) = route else { return };
        if held.routes.len() >= MAX_ROUTES {
            held.routes.retain(|_, until| *until > now);
        }
        if let Some(known) = held.routes.get_mut(route) {
            *known = until.max(*known);
        } else if held.routes.len() < MAX_ROUTES {
            held.routes.insert(route.clone(), until);
        }
    }
}

/// A call that is under way until this is dropped.
pub(crate) struct UnderWay<'l>(&'l Limits);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.answered(Instant::now());
    }
}

/// Leaves out instants that are longer ago.
fn forget_before(instants: &mut VecDeque<Instant>, now: Instant, span: Duration) {
    while instants.front().is_some_and(|first| now.saturating_duration_since(*first) >= span) {
        instants.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::of(&Method::POST, path)
    }

    #[test]
    fn a_route_keeps_its_channel_and_no_other_id() {
        assert_eq!(route("channels/7/messages/1?x=2"), route("channels/7/messages/9"));
        assert_ne!(route("channels/7/messages"), route("channels/8/messages"));
        assert_eq!(route("channels/7/messages/1/reactions/a/@me"), route("channels/7/messages/2/reactions/b/@me"));
        assert_ne!(route("channels/7/messages"), Route::of(&Method::GET, "channels/7/messages"));
        assert_eq!(route("webhooks/1/token"), Route(None));
    }

    #[test]
    fn what_has_nothing_left_waits_and_holds_nobody_else_up() {
        let (limits, now) = (Limits::default(), Instant::now());
        let left = |left| Standing { left: Some((left, Duration::from_secs(3))), in_all: None };
        limits.note(&route("channels/7/messages"), &left(1), now);
        assert_eq!(limits.held(&route("channels/7/messages"), now), None);
        limits.note(&route("channels/7/messages"), &left(0), now);
        assert_eq!(limits.held(&route("channels/7/messages"), now), Some((Duration::from_secs(3), false)));
        assert_eq!(limits.held(&route("channels/8/messages"), now), None);
        assert_eq!(limits.held(&route("channels/7/messages"), now + Duration::from_secs(3)), None);
    }

    #[test]
    fn how_many_calls_a_route_takes_is_learnt_from_the_first_of_its_time() {
        let (limits, now) = (Limits::default(), Instant::now());
        let standing = |left, seconds| Standing { left: Some((left, Duration::from_secs(seconds))), in_all: Some(10) };
        limits.note(&route("channels/7/messages"), &standing(4, 2), now);
        assert_eq!(limits.told(&route("channels/7/messages")), None);
        limits.note(&route("channels/7/messages"), &standing(9, 5), now);
        assert_eq!(limits.told(&route("channels/7/messages")), Some((10, Duration::from_secs(5))));
        assert_eq!(limits.told(&route("channels/8/messages")), None);
    }

    #[test]
    fn a_limit_is_neither_cut_short_by_another_answer_nor_believed_without_bounds() {
        let (limits, now, route) = (Limits::default(), Instant::now(), route("channels/7/messages"));
        limits.hold(&route, Duration::from_secs(30), false, now);
        limits.note(&route, &Standing { left: Some((0, Duration::from_secs(1))), in_all: None }, now);
        assert_eq!(limits.held(&route, now), Some((Duration::from_secs(30), false)));
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "0".parse().expect("a value"));
        headers.insert("x-ratelimit-reset-after", "1e19".parse().expect("a value"));
        limits.note(&route, &Standing::read(&headers), now);
        assert_eq!(limits.held(&route, now), Some((MAX_WAIT, false)));
    }

    #[test]
    fn a_global_limit_that_an_interaction_met_holds_all_others() {
        let (limits, now) = (Limits::default(), Instant::now());
        limits.hold(&route("interactions/1/token/callback"), Duration::from_secs(2), true, now);
        assert_eq!(limits.held(&route("channels/8/messages"), now), Some((Duration::from_secs(2), true)));
    }

    #[test]
    fn no_second_has_more_calls_than_discord_takes() {
        let (limits, now, route) = (Limits::default(), Instant::now(), route("channels/7/messages"));
        let at = |millis| now + Duration::from_millis(millis);
        let wait = |millis| limits.turn(&route, at(millis)).err();
        // A call ends when its guard is dropped; here it is said when.
        let make = |millis| limits.turn(&route, at(millis)).map(std::mem::forget);
        assert!((0..MAX_A_SECOND).all(|_| make(0).is_ok()));
        assert_eq!(wait(5000), Some(FOR_AN_ANSWER), "they may arrive in this very moment");
        (0..MAX_A_SECOND).for_each(|_| limits.answered(at(5000)));
        assert_eq!(wait(5900), Some(Duration::from_millis(100)));
        assert!(limits.turn(&Route(None), at(5900)).is_ok_and(|call| call.is_none()), "interactions are outside of it");
        assert_eq!(make(6000), Ok(()));
        drop(limits.turn(&route, at(6000)).expect("there is room"));
        assert_eq!(limits.0.lock().expect("not poisoned").under_way, 1, "a call that is over is under way no more");
    }

    #[test]
    fn before_so_many_refusals_that_discord_would_ban_us_it_is_left_alone() {
        let (limits, now, route) = (Limits::default(), Instant::now(), route("channels/7/messages"));
        for _ in 1..MAX_INVALID {
            limits.count_invalid(now);
        }
        assert_eq!(limits.held(&route, now), None);
        let later = now + Duration::from_secs(500);
        limits.count_invalid(later);
        assert_eq!(limits.held(&route, later), Some((Duration::from_secs(100), true)));
        let forgotten = now + INVALID_SPAN;
        limits.count_invalid(forgotten);
        assert_eq!(limits.held(&route, forgotten), None, "those are forgotten");
    }

    #[test]
    fn a_global_limit_holds_all_but_interactions() {
        let (limits, now) = (Limits::default(), Instant::now());
        limits.hold(&route("channels/7/messages"), Duration::from_secs(2), true, now);
        assert_eq!(limits.held(&route("channels/8/messages"), now), Some((Duration::from_secs(2), true)));
        assert_eq!(limits.held(&route("interactions/1/token/callback"), now), None);
    }
}
