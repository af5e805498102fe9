//! Schedules as people ask for them, in a chat or on the command line, and what their fires deliver.

use std::collections::BTreeMap;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, Document, Notice, Part, Purpose, one_line};

use super::Context;
use crate::command::{ScheduleOptions, is_credential, nearest};
use crate::config::TERMINAL;
use crate::format::digest::{self, DigestOf};
use crate::format::files::{Unattached, WhyUnattached, unattached};
use crate::format::param::Unkept;
use crate::format::unscheduled::Unscheduled;
use crate::format::{self, Draft};
use crate::plan::{CatchUp, DigestKind, Plan, Zone};
use crate::redact::Redactor;
use crate::store::{
    About, ChatKey, DigestWindow, Enclosed, Fire, Happened, Incident, NewDelivery, NewSchedule, Schedule, ScheduleId,
    StoreError, Tx,
};

/// Longest that a schedule looks back, in hours: as long as rows are kept.
const MAX_WINDOW_H: u32 = 30 * 24;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Most parameters, and longest of their names and values, in bytes.
const MAX_PARAMS: usize = 20;
const MAX_PARAM_NAME_BYTES: usize = 64;
const MAX_PARAM_BYTES: usize = 16 * 1024;
/// The parameter that says what is to be investigated.
pub const PROMPT: &str = crate::format::fire::ASKED;
/// What stands for no agent.
const NOBODY: &str = "none";
/// Schedules of one name that are told.
const MAX_NAMESAKES: usize = 10;
/// Schedules among whose names the nearest is looked for.
const MAX_LOOKED_THROUGH: usize = 1000;
const HOUR: Duration = Duration::from_secs(3600);

/// A schedule as it is asked for, and the credentials that came along, which are not kept with it.
#[derive(Debug, Clone)]
pub struct Wished {
    /// The schedule.
    pub new: NewSchedule,
    /// Credentials by name.
    pub credentials: BTreeMap<String, String>,
}

/// Whether all texts of what is asked for may be kept: in the open, and shown.
///
/// # Errors
/// Why not.
pub fn check_texts(options: &ScheduleOptions, redactor: &Redactor) -> Result<(), Unkept> {
    if options.name.as_deref().is_some_and(|name| redactor.suspects(name)) {
        return Err(Unkept::Credential("--name".to_owned()));
    }
    for param in &options.params {
        let Some((name, value)) = param.split_once('=') else { continue };
        let name = redactor.clean(&one_line(name, MAX_PARAM_NAME_BYTES));
        if value.len() > MAX_PARAM_BYTES {
            return Err(Unkept::Long { name, bytes: value.len(), most: MAX_PARAM_BYTES });
        }
        // What says itself that it is a credential is no parameter.
        if !is_credential(&name) && redactor.suspects(param) {
            return Err(Unkept::Credential(format!("--param {name}")));
        }
    }
    Ok(())
}

/// Makes a name of what was typed: one line of what can be seen.
fn named(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !is_unseen(*c)).collect();
    // What joins characters is nothing where there are none.
    let is_anything = seen.chars().any(|c| !matches!(c, '\u{200c}' | '\u{200d}') && !c.is_whitespace());
    if is_anything { one_line(&seen, MAX_NAME_CHARS + 1) } else { String::new() }
}

/// Whether a word is taken for the number of a schedule, so that none can be found by it as a name.
fn is_number(word: &str) -> bool {
    let word = word.trim_start_matches('#');
    word.parse::<i64>().is_ok() || (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a character takes no room, by which two names that look the same would differ.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    ) || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Reads what is asked for; without a target it is the chat in which it is asked.
///
/// # Errors
/// What is wrong.
pub fn read<'o>(
    options: &'o ScheduleOptions,
    here: Option<&ChatAddress>,
    created_by: &str,
) -> Result<Wished, Unscheduled<'o>> {
    if !options.stray.is_empty() {
        return Err(Unscheduled::Stray(&options.cron, &options.stray));
    }
    if options.kind.is_empty() {
        return Err(Unscheduled::NoKind);
    }
    if options.cron.trim().is_empty() {
        return Err(Unscheduled::NoCron);
    }
    let kind = DigestKind::from_word(&options.kind).ok_or(Unscheduled::Kind(&options.kind))?;
    let cron = options.cron.parse().map_err(|fault| Unscheduled::Cron(&options.cron, fault))?;
    let zone = options.tz.as_deref().map_or(Ok(Zone::UTC), str::parse).map_err(Unscheduled::Zone)?;
    let span = match options.window {
        None => kind.usual_window(),
        Some(hours) if (1..=MAX_WINDOW_H).contains(&hours) => HOUR * hours,
        Some(_) => return Err(Unscheduled::Window(MAX_WINDOW_H)),
    };
    let catch_up = match options.catch_up.as_deref() {
        None => kind.usual_catch_up(),
        Some(word) => CatchUp::from_word(word).ok_or(Unscheduled::CatchUp(word))?,
    };
    let (params, credentials) = params(options)?;
    if kind == DigestKind::CustomInvestigation && !params.contains_key(PROMPT) {
        return Err(Unscheduled::NoPrompt);
    }
    let name = options.name.as_deref().map_or_else(|| kind.title().to_owned(), named);
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(Unscheduled::Name(MAX_NAME_CHARS));
    }
    if is_number(&name) {
        return Err(Unscheduled::NumberName(options.name.as_deref().unwrap_or_default()));
    }
    let mut targets = targets(options)?;
    if targets.is_empty() {
        targets.push(here.cloned().ok_or(Unscheduled::NoTarget)?);
    }
    let new = NewSchedule {
        name,
        kind,
        plan: Plan { cron, zone },
        targets,
        span,
        catch_up,
        quiet: options.quiet_when_empty.unwrap_or_default(),
        new_thread: options.new_thread.unwrap_or_default(),
        agent: options.agent.clone().filter(|agent| !agent.is_empty() && !agent.eq_ignore_ascii_case(NOBODY)),
        params,
        scope: here.map(ChatKey::of),
        created_by: created_by.to_owned(),
    };
    Ok(Wished { new, credentials })
}

/// Reads the targets that are named.
///
/// # Errors
/// What is wrong.
pub fn targets(options: &ScheduleOptions) -> Result<Vec<ChatAddress>, Unscheduled<'static>> {
    let mut targets = options.to.clone();
    if let (Some(provider), Some(chat)) = (&options.provider, &options.chat_id) {
        let thread = options.thread_id.as_ref().map(|thread| format!("/{thread}")).unwrap_or_default();
        let address = format!("{provider}:{chat}{thread}").parse();
        targets.push(address.map_err(|_| Unscheduled::Target)?);
    }
    Ok(targets)
}

/// Returns the options that a schedule is made of once some are otherwise; what is not named stays. Where the kind is another,
/// what the old one brought along is the new one's.
#[must_use]
pub fn with(schedule: &Schedule, changes: &ScheduleOptions) -> ScheduleOptions {
    let kind = schedule.kind;
    let is_kept = changes.kind.is_empty() || DigestKind::from_word(&changes.kind) == Some(kind);
    let own = |is_usual: bool| is_kept || !is_usual;
    let hours = || u32::try_from(schedule.span.as_secs() / HOUR.as_secs()).ok();
    let names_target = !changes.to.is_empty() || changes.chat_id.is_some();
    let mut params = schedule.params.clone();
    let mut new = Vec::new();
    for param in &changes.params {
        match param.split_once('=') {
            Some((name, value)) if value.trim().is_empty() && params.remove(name).is_some() => {}
            Some((name, _)) => {
                params.remove(name);
                new.push(param.clone());
            }
            None => new.push(param.clone()),
        }
    }
    let kept = params.iter().map(|(name, value)| format!("{name}={value}"));
    let or = |changed: &str, was: String| if changed.is_empty() { was } else { changed.to_owned() };
    ScheduleOptions {
        kind: or(&changes.kind, kind.as_str().to_owned()),
        cron: or(&changes.cron, schedule.plan.cron.to_string()),
        tz: changes.tz.clone().or_else(|| Some(schedule.plan.zone.name().to_owned())),
        to: if names_target { changes.to.clone() } else { schedule.targets.clone() },
        window: changes.window.or_else(|| hours().filter(|_| own(schedule.span == kind.usual_window()))),
        name: changes.name.clone().or_else(|| Some(schedule.name.clone()).filter(|name| own(*name == kind.title()))),
        catch_up: changes.catch_up.clone().or_else(|| {
            let word = schedule.catch_up.as_str().to_owned();
            Some(word).filter(|_| own(schedule.catch_up == kind.usual_catch_up()))
        }),
        quiet_when_empty: changes.quiet_when_empty.or(Some(schedule.quiet)),
        new_thread: changes.new_thread.or(Some(schedule.new_thread)),
        agent: changes.agent.clone().or_else(|| schedule.agent.clone()),
        params: kept.chain(new).collect(),
        ..changes.clone()
    }
}

/// Parameters by their names.
type Params = BTreeMap<String, String>;

/// Reads parameters, and the credentials among them.
fn params(options: &ScheduleOptions) -> Result<(Params, Params), Unscheduled<'_>> {
    let (mut params, mut credentials) = (Params::new(), Params::new());
    if options.params.len() > MAX_PARAMS {
        return Err(Unscheduled::Params(MAX_PARAMS));
    }
    for param in &options.params {
        let Some((name, value)) = param.split_once('=') else { return Err(Unscheduled::Param(param)) };
        let is_name = !name.is_empty()
            && name.len() <= MAX_PARAM_NAME_BYTES
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if is_name && value.trim().is_empty() {
            return Err(Unscheduled::NoParam(name));
        }
        if !is_name || value.len() > MAX_PARAM_BYTES {
            return Err(Unscheduled::Param(name));
        }
        if !is_credential(name) {
            params.insert(name.to_owned(), value.to_owned());
        } else if options.allow_inline_credentials {
            credentials.insert(name.to_owned(), value.to_owned());
        } else {
            return Err(Unscheduled::Credential(name));
        }
    }
    Ok((params, credentials))
}

/// Finds a schedule by its number, or by its name where only one is called so: among those of a chat, or among all.
///
/// # Errors
/// [`StoreError`]; the inner one holds those that may be meant, several of that name or one that is called nearly so.
pub fn find(tx: &Tx<'_>, chat: Option<&ChatKey>, word: &str) -> Result<Result<Schedule, Vec<Schedule>>, StoreError> {
    let is_of =
        |schedule: &Schedule| schedule.targets.iter().any(|target| chat.is_none_or(|own| ChatKey::of(target) == *own));
    if let Ok(number) = word.trim_start_matches('#').parse() {
        return Ok(tx.schedule(ScheduleId::new(number))?.filter(is_of).ok_or_else(Vec::new));
    }
    let mut called = tx.schedules_called(word, chat, MAX_NAMESAKES)?;
    match called.len() {
        1 => Ok(Ok(called.remove(0))),
        0 => {
            let all = tx.schedules(chat, MAX_LOOKED_THROUGH)?;
            let near = nearest(word, all.iter().map(|schedule| schedule.name.as_str())).map(str::to_owned);
            Ok(Err(all.into_iter().filter(|schedule| Some(&schedule.name) == near.as_ref()).take(1).collect()))
        }
        _ => Ok(Err(called)),
    }
}

/// Returns the others that are called as a schedule is, of those that the same chat or the command line sees.
///
/// # Errors
/// [`StoreError`].
pub fn namesakes(tx: &Tx<'_>, chat: Option<&ChatKey>, schedule: &Schedule) -> Result<Vec<ScheduleId>, StoreError> {
    let called = tx.schedules_called(&schedule.name, chat, MAX_NAMESAKES)?;
    Ok(called.iter().map(|one| one.id).filter(|id| *id != schedule.id).collect())
}

/// Returns the schedules that are called as another is since it was renamed; none where it has kept its name.
///
/// # Errors
/// [`StoreError`].
pub fn new_namesakes(
    tx: &Tx<'_>,
    chat: Option<&ChatKey>,
    was: &Schedule,
    now: &Schedule,
) -> Result<Vec<ScheduleId>, StoreError> {
    if was.name == now.name { Ok(Vec::new()) } else { namesakes(tx, chat, now) }
}

/// Returns who is told of failed checks and of silent digests.
#[must_use]
pub fn operators(cx: &Context) -> Vec<ChatAddress> {
    if !cx.config.cron.operators.is_empty() {
        return cx.config.cron.operators.clone();
    }
    let by_mail = cx.readers_by_name().flat_map(|(provider, readers)| {
        readers.to.iter().filter_map(move |reader| format!("{provider}:{reader}").parse().ok())
    });
    let by_mail: Vec<ChatAddress> = by_mail.collect();
    if by_mail.is_empty() { TERMINAL.parse().into_iter().collect() } else { by_mail }
}

/// What was gathered for a fire.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// Of when.
    pub window: DigestWindow,
    /// What happened.
    pub happened: Happened,
    /// Of a replay: the incidents.
    pub replayed: Vec<Incident>,
}

/// Gathers what a fire tells of.
///
/// # Errors
/// [`StoreError`].
pub fn gather(tx: &Tx<'_>, schedule: &Schedule, fire: &Fire) -> Result<Gathered, StoreError> {
    let window = DigestWindow::up_to(fire.at, schedule.span);
    let scope = schedule.scope.as_ref();
    let happened = tx.happened(window, scope)?;
    let replayed = match schedule.kind {
        DigestKind::IncidentWindowReplay => tx.incidents_within(window, scope)?.0,
        DigestKind::DailySummary
        | DigestKind::WeeklyAudit
        | DigestKind::SyntheticRun
        | DigestKind::CustomInvestigation => Vec::new(),
    };
    Ok(Gathered { window, happened, replayed })
}

/// What a fire says, however it is told.
#[derive(Debug, Clone)]
pub struct Telling {
    /// One line of what it comes to, as the subject of a letter.
    pub subject: String,
    /// What stands in the chat where the rest is in a thread.
    pub head: Document,
    /// All of it.
    pub whole: Draft,
}

/// Writes what was gathered as a digest.
#[must_use]
pub fn digest(schedule: &Schedule, gathered: &Gathered) -> Telling {
    let Gathered { window, happened, replayed } = gathered;
    let document = digest::digest(&DigestOf { schedule, window: *window, happened, replayed });
    Telling {
        subject: digest::subject(schedule, happened),
        head: digest::head(schedule, *window, happened),
        whole: Draft::from(document),
    }
}

/// Writes what a fire delivers, a message for each target: one that cannot be delivered holds no other up.
///
/// # Errors
/// [`StoreError`].
pub fn deliver(tx: &Tx<'_>, cx: &Context, schedule: &Schedule, fire: &Fire, said: &Telling) -> Result<(), StoreError> {
    let (mut named, mut unattached) = (Vec::new(), Vec::new());
    for task in tx.tasks_of_fire(fire.id)? {
        named.extend(tx.files_of(&task.id)?);
        unattached.extend(tx.unattached_of(&task.id)?);
    }
    for (place, target) in schedule.targets.iter().enumerate() {
        let target = tx.current_address(target)?;
        let threads = cx.threads(target.provider.as_str());
        let about = Some(About::Fire(fire.id));
        let (fitting, line) = fitting(cx, &target, &named);
        let of_target =
            line.iter().chain(&unattached).fold(said.whole.clone(), |all, line| all.then(format::line(line)));
        let said = &Telling { whole: of_target, ..said.clone() };
        let (parts, attachment) = laid_out(tx, cx, &format!("fire-{}-{place}", fire.id), &target, said)?;
        let whole = NewDelivery { attachment, about, ..NewDelivery::to(target.clone(), Purpose::Result, parts) };
        let whole = match cx.readers(target.provider.as_str()) {
            // A letter takes one.
            Some(_) => NewDelivery { attachment: fitting.into_iter().next(), ..whole },
            None => NewDelivery { files: cx.enclosed(&target, fitting)?, ..whole },
        };
        let has_thread = schedule.new_thread && target.thread.is_none() && threads != signalbox_adapter::Threads::None;
        if has_thread {
            let (parts, _) = cx.render(&target, said.head.clone())?;
            let parts = parts.into_iter().take(1).collect();
            let head =
                NewDelivery { about: whole.about.clone(), ..NewDelivery::to(target.clone(), Purpose::Result, parts) };
            let named = threads.must_be_opened(&target).then(|| cx.redactor.clean(&said.subject));
            tx.enqueue_with_thread(&head, named.as_deref(), &whole)?;
        } else {
            tx.enqueue(&whole)?;
        }
    }
    Ok(())
}

/// Returns the files that go to a target, and what is said of those that do not.
fn fitting(cx: &Context, target: &ChatAddress, named: &[Enclosed]) -> (Vec<Enclosed>, Option<String>) {
    let provider = target.provider.as_str();
    let (most, takes_one) = (cx.max_file_bytes(provider), cx.readers(provider).is_some());
    let (mut fitting, mut others) = (Vec::new(), Vec::new());
    for file in named {
        let bytes = file.kept().map_or(0, |kept| kept.size_bytes);
        let why = match bytes > most {
            true => Some(WhyUnattached::Large { bytes, most }),
            false => (takes_one && !fitting.is_empty()).then_some(WhyUnattached::Surplus),
        };
        match why {
            None => fitting.push(file.clone()),
            Some(why) => others.push(Unattached { name: file.file_name.clone(), why }),
        }
    }
    (fitting, unattached(&others, 0, 0))
}

/// Tells somebody besides the targets of a schedule.
///
/// # Errors
/// [`StoreError`].
pub fn tell(tx: &Tx<'_>, cx: &Context, id: &str, to: &[ChatAddress], said: &Telling) -> Result<(), StoreError> {
    for (place, target) in to.iter().enumerate() {
        let target = tx.current_address(target)?;
        let (parts, attachment) = laid_out(tx, cx, &format!("{id}-{place}"), &target, said)?;
        tx.enqueue(&NewDelivery { attachment, ..NewDelivery::to(target, Purpose::Result, parts) })?;
    }
    Ok(())
}

/// Lays out what is said for a target: as a letter, or as messages. `id` is the letter's, the same whenever it is sent again,
/// and of no other target.
fn laid_out(
    tx: &Tx<'_>,
    cx: &Context,
    id: &str,
    target: &ChatAddress,
    said: &Telling,
) -> Result<(Vec<Part>, Option<Enclosed>), StoreError> {
    let provider = target.provider.as_str();
    if cx.readers(provider).is_none() {
        return cx.render(target, said.whole.clone());
    }
    let notice = Notice {
        subject: said.subject.clone(),
        to: vec![target.chat.as_str().to_owned()],
        id: tx.letter_id(id)?,
        references: Vec::new(),
        document: Document::default(),
    };
    Ok((cx.letter(provider, notice, &said.whole)?, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Redact;

    fn options(name: &str, param: &str) -> ScheduleOptions {
        ScheduleOptions {
            kind: "daily_summary".into(),
            cron: "@daily".into(),
            to: vec![TERMINAL.parse().expect("an address")],
            name: Some(name.into()),
            params: vec![param.into()],
            ..ScheduleOptions::default()
        }
    }

    #[test]
    fn what_looks_like_a_credential_is_refused_in_any_text() {
        let redactor = Redactor::new(&Redact::default());
        let check =
            |name: &str, param: &str| check_texts(&options(name, param), &redactor).map_err(|why| why.to_string());
        let key = format!("ghp_{}", "a".repeat(36));
        let told = |option: &str| format!("{option} looks like a credential");
        assert!(check(&format!("Nightly {key}"), "a=b").is_err_and(|why| why.starts_with(&told("--name"))));
        for value in [key.as_str(), "https://bot:hunter3@ci.example/", "Basic dXNlcjpwYXNz"] {
            let why = check("Nightly", &format!("note={value}")).expect_err(value);
            assert!(why.starts_with(&told("--param note")) && !why.contains(value), "{why}");
        }
        assert_eq!(check("Nightly", "prompt=Is the backup fresh?"), Ok(()));
        assert!(is_credential("Authorization"));
    }

    #[test]
    fn a_parameter_that_is_too_long_is_told_with_its_length() {
        let redactor = Redactor::new(&Redact::default());
        let long = format!("prompt={}", "x".repeat(120_000));
        let why = check_texts(&options("Nightly", &long), &redactor).expect_err("it is too long").to_string();
        assert_eq!(why, "--param prompt has 120000 bytes, and the most it may have is 16384");
    }

    #[test]
    fn a_name_is_what_can_be_seen_of_it() {
        let wished = |name: &str| {
            let options = options(name, "a=b");
            read(&options, None, "").map(|wished| wished.new.name).map_err(|why| format!("{why:?}"))
        };
        assert_eq!(wished("Night\u{200b}\u{feff}ly\u{2060}"), Ok("Nightly".to_owned()));
        assert!(wished("\u{200b}\u{200d}").is_err_and(|why| why.starts_with("Name")));
    }
}
