//! The table: every command that works, defined once.

use super::grammar::Build::{Prompt, Words};
use super::grammar::{Argument, Build, Definition, Example, Flag, Form, Group, Kind, Need, TextForm};
use super::{BackgroundCommand as Background, Command, SessionCommand};

const NAME: Argument = Argument::Word("name", Kind::Session);
const TASK: Argument = Argument::Word("task", Kind::Task);
const REQUEST: Argument = Argument::Word("request", Kind::Request);
const START: Build = Prompt(|start| Command::Session(SessionCommand::Start(start)));

/// Every command that can be given with a slash.
pub static COMMANDS: &[Definition] = &[
    Definition {
        word: "session",
        aliases: &[],
        group: Group::Work,
        description: "Start agent work in a named session, follow it up, or look after sessions",
        forms: &[
            Form {
                arguments: &[Argument::Prompt],
                need: Need::Operator,
                description: "start a session on the default agent",
                build: START,
            },
            Form {
                arguments: &[Argument::Mention("<agent>[/<model>]"), Argument::Prompt],
                need: Need::Operator,
                description: "start it on that agent and model; a model alone is enough",
                build: START,
            },
            Form {
                arguments: &[Argument::Mention("<session>"), Argument::Prompt],
                need: Need::Operator,
                description: "follow up in that session",
                build: START,
            },
            Form {
                arguments: &[Argument::Flag(Flag::Name), Argument::Prompt],
                need: Need::Operator,
                description: "start it under a name of your choice",
                build: START,
            },
            Form {
                arguments: &[Argument::Flag(Flag::Project), Argument::Prompt],
                need: Need::Operator,
                description: "start it in the directory of that project",
                build: START,
            },
            Form {
                arguments: &[Argument::Separator, Argument::Prompt],
                need: Need::Operator,
                description: "take everything after `--` as the prompt",
                build: START,
            },
            Form {
                arguments: &[Argument::Literal("list")],
                need: Need::Viewer,
                description: "list the sessions of this chat",
                build: Words(|_| Command::Session(SessionCommand::List)),
            },
            Form {
                arguments: &[Argument::Literal("show"), NAME],
                need: Need::Viewer,
                description: "show one: last prompt, agent, tasks, cost, how to resume it in a terminal",
                build: Words(|given| Command::Session(SessionCommand::Show(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("use"), NAME],
                need: Need::Operator,
                description: "make it the one that plain text follows up",
                build: Words(|given| Command::Session(SessionCommand::Use(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("cancel"), NAME],
                need: Need::Operator,
                description: "stop its running task; the session stays",
                build: Words(|given| Command::Session(SessionCommand::Cancel(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("end"), NAME],
                need: Need::Operator,
                description: "close it",
                build: Words(|given| Command::Session(SessionCommand::End(word(given, 0)))),
            },
            Form {
                arguments: &[
                    Argument::Literal("rename"),
                    Argument::Word("old", Kind::Session),
                    Argument::Word("new", Kind::NewName),
                ],
                need: Need::Operator,
                description: "give it another name",
                build: Words(|given| {
                    Command::Session(SessionCommand::Rename { old: word(given, 0), new: word(given, 1) })
                }),
            },
            Form {
                arguments: &[Argument::Literal("retry"), NAME],
                need: Need::Operator,
                description: "run its last prompt again",
                build: Words(|given| Command::Session(SessionCommand::Retry(word(given, 0)))),
            },
        ],
        examples: &[
            Example { text: "/session fix the flaky test", does: "starts a session and answers with its name" },
            Example { text: "/session @claude/opus review the last commit", does: "names agent and model" },
            Example { text: "/session @opus review the last commit", does: "the same: the model tells the agent" },
            Example { text: "/session --name docs @claude update the README", does: "chooses the session's name" },
            Example { text: "/session --project web why does the build fail?", does: "works in the project `web`" },
            Example { text: "/session @docs now shorten it", does: "follows up in the session `docs`" },
            Example { text: "/session -- list", does: "sends the word `list` as a prompt" },
            Example { text: "/session rename docs readme", does: "renames the session `docs`" },
        ],
    },
    Definition {
        word: "investigate",
        aliases: &[],
        group: Group::Work,
        description: "Find the cause of a problem: a question, a template, or an alert",
        forms: &[
            Form {
                arguments: &[Argument::Prompt],
                need: Need::Operator,
                description: "investigate a question, a template by its name, or an alert pasted as text or JSON",
                build: INVESTIGATE,
            },
            Form {
                arguments: &[Argument::Mention("<agent>[/<model>]"), Argument::Prompt],
                need: Need::Operator,
                description: "let that agent and model do it",
                build: INVESTIGATE,
            },
            Form {
                arguments: &[],
                need: Need::Operator,
                description: "list the templates; with a file attached: investigate the alert in it",
                build: Words(|_| Command::Investigate(None)),
            },
        ],
        examples: &[
            Example { text: "/investigate high-cpu", does: "uses the template `high-cpu`" },
            Example { text: "/investigate why did web-1 restart at 03:10?", does: "asks a question of your own" },
            Example { text: "/investigate @host disk-full", does: "lets the built-in investigator look" },
        ],
    },
    Definition {
        word: "background",
        aliases: &["bg"],
        group: Group::Work,
        description: "Look after investigations, and say who is told when one is done",
        forms: &[
            Form {
                arguments: &[Argument::Literal("on")],
                need: Need::Operator,
                description: "run this chat's investigations in the background",
                build: Words(|_| of(Background::On)),
            },
            Form {
                arguments: &[Argument::Literal("off")],
                need: Need::Operator,
                description: "show their progress here, and let follow-ups wait",
                build: Words(|_| of(Background::Off)),
            },
            Form {
                arguments: &[Argument::Literal("status")],
                need: Need::Viewer,
                description: "tell whether it is on, what runs, and who is told",
                build: Words(|_| of(Background::Status)),
            },
            Form {
                arguments: &[Argument::Literal("list")],
                need: Need::Viewer,
                description: "list this chat's investigations, newest first",
                build: Words(|_| of(Background::List)),
            },
            Form {
                arguments: &[Argument::Literal("show"), TASK],
                need: Need::Viewer,
                description: "show one: its analysis, its numbers, and who was told",
                build: Words(|given| of(Background::Show(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("use"), TASK],
                need: Need::Operator,
                description: "go on from a finished one with plain text",
                build: Words(|given| of(Background::Use(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("cancel"), TASK],
                need: Need::Operator,
                description: "stop one",
                build: Words(|given| of(Background::Cancel(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("notify"), Argument::Literal("list")],
                need: Need::Viewer,
                description: "list who is told when one is done",
                build: Words(|_| of(Background::NotifyList)),
            },
            Form {
                arguments: &[
                    Argument::Literal("notify"),
                    Argument::Literal("set"),
                    Argument::Word("channels", Kind::Channels),
                ],
                need: Need::Admin,
                description: "say who is told: email, chat, a chat's address, several with commas, or none",
                build: Words(|given| of(Background::NotifySet(word(given, 0)))),
            },
            Form {
                arguments: &[Argument::Literal("notify"), Argument::Literal("test")],
                need: Need::Operator,
                description: "send everybody on that list a test",
                build: Words(|_| of(Background::NotifyTest)),
            },
        ],
        examples: &[
            Example { text: "/background list", does: "shows the ids" },
            Example { text: "/background show 7f3k", does: "shows the one whose id begins so" },
            Example {
                text: "/background notify set email,slack:C0123",
                does: "tells the mail's recipients and a channel",
            },
        ],
    },
    Definition {
        word: "stop",
        aliases: &[],
        group: Group::Work,
        description: "Stop the running task of this thread; all: every task of this chat",
        forms: &[Form {
            arguments: &[Argument::OptionalLiteral("all")],
            need: Need::Operator,
            description: "stop this thread's running task, or all of this chat; no session is lost",
            build: Words(|given| Command::Stop { all: !given.is_empty() }),
        }],
        examples: &[Example { text: "/stop all", does: "stops everything that runs in this chat" }],
    },
    Definition {
        word: "status",
        aliases: &[],
        group: Group::Look,
        description: "Show what runs and waits here",
        forms: &[Form {
            arguments: &[],
            need: Need::Viewer,
            description: "show what runs here, and what waits at which position",
            build: Words(|_| Command::Status),
        }],
        examples: &[Example { text: "/status", does: "shows running and queued tasks" }],
    },
    Definition {
        word: "agents",
        aliases: &[],
        group: Group::Look,
        description: "List the agents, which of them are installed, and their versions",
        forms: &[Form {
            arguments: &[],
            need: Need::Viewer,
            description: "list the agents, which of them are installed, and their versions",
            build: Words(|_| Command::Agents),
        }],
        examples: &[Example { text: "/agents", does: "tells what can stand after `@`" }],
    },
    Definition {
        word: "id",
        aliases: &[],
        group: Group::Look,
        description: "Show your user id and the address of this chat",
        forms: &[Form {
            arguments: &[],
            need: Need::Viewer,
            description: "show your user id, and the address of this chat and thread",
            build: Words(|_| Command::Id),
        }],
        examples: &[Example { text: "/id", does: "gives the ids that the configuration asks for" }],
    },
    Definition {
        word: "why",
        aliases: &[],
        group: Group::Look,
        description: "Trace a task or message from arrival to receipt",
        forms: &[Form {
            arguments: &[Argument::Word("task or message", Kind::TaskOrMessage)],
            need: Need::Viewer,
            description: "trace it from arrival to receipt",
            build: Words(|given| Command::Why { of: word(given, 0) }),
        }],
        examples: &[Example { text: "/why 42", does: "shows what became of task 42" }],
    },
    Definition {
        word: "help",
        aliases: &[],
        group: Group::Look,
        description: "Explain the commands, or one of them",
        forms: &[Form {
            arguments: &[Argument::OptionalWord("command", Kind::Command)],
            need: Need::Viewer,
            description: "explain the commands, or one of them",
            build: Words(|given| Command::Help { topic: given.first().map(|word| (*word).to_owned()) }),
        }],
        examples: &[Example { text: "/help session", does: "explains `/session`" }],
    },
    Definition {
        word: "start",
        aliases: &[],
        group: Group::Look,
        description: "Say hello, or pair with the code that `signalbox pair` has printed",
        forms: &[Form {
            arguments: &[Argument::OptionalWord("code", Kind::Code)],
            need: Need::Viewer,
            description: "say hello, or pair with a code",
            build: Words(|given| Command::Start { code: given.first().map(|word| (*word).to_owned()) }),
        }],
        examples: &[Example { text: "/start k7m2p9qx", does: "pairs you, if that is the code" }],
    },
    Definition {
        word: "approve",
        aliases: &[],
        group: Group::Answer,
        description: "Let an agent do what it asks for",
        forms: &[Form {
            arguments: &[REQUEST],
            need: Need::Operator,
            description: "let an agent do what it asks for, this once",
            build: Words(|given| Command::Approve { request: word(given, 0) }),
        }],
        examples: &[Example { text: "/approve 7", does: "approves request 7" }],
    },
    Definition {
        word: "deny",
        aliases: &[],
        group: Group::Answer,
        description: "Forbid an agent what it asks for",
        forms: &[Form {
            arguments: &[REQUEST],
            need: Need::Operator,
            description: "forbid an agent what it asks for",
            build: Words(|given| Command::Deny { request: word(given, 0) }),
        }],
        examples: &[Example { text: "/deny 7", does: "denies request 7" }],
    },
    Definition {
        word: "allow",
        aliases: &[],
        group: Group::Answer,
        description: "Let an agent do what it asks for until its session ends",
        forms: &[Form {
            arguments: &[REQUEST],
            need: Need::Operator,
            description: "let an agent do what it asks for, and the like until its session ends",
            build: Words(|given| Command::AllowForSession { request: word(given, 0) }),
        }],
        examples: &[Example { text: "/allow 7", does: "approves request 7 and all like it in its session" }],
    },
    Definition {
        word: "retry",
        aliases: &[],
        group: Group::Answer,
        description: "Run a task again",
        forms: &[Form {
            arguments: &[TASK],
            need: Need::Operator,
            description: "run a task's prompt again, as a new task",
            build: Words(|given| Command::Retry { task: word(given, 0) }),
        }],
        examples: &[Example { text: "/retry 42", does: "runs the prompt of task 42 again" }],
    },
    Definition {
        word: "discard",
        aliases: &[],
        group: Group::Answer,
        description: "Set a failed or interrupted task aside",
        forms: &[Form {
            arguments: &[TASK],
            need: Need::Operator,
            description: "set a failed or interrupted task aside; its buttons go",
            build: Words(|given| Command::Discard { task: word(given, 0) }),
        }],
        examples: &[Example { text: "/discard 42", does: "sets task 42 aside" }],
    },
    Definition {
        word: "cancel",
        aliases: &[],
        group: Group::Answer,
        description: "Cancel a running or queued task",
        forms: &[Form {
            arguments: &[TASK],
            need: Need::Operator,
            description: "cancel a running or queued task",
            build: Words(|given| Command::Cancel { task: word(given, 0) }),
        }],
        examples: &[Example { text: "/cancel 42", does: "cancels task 42" }],
    },
];

/// What can be said without a command.
pub static TEXT_FORMS: &[TextForm] = &[
    TextForm { usage: "<prompt>", description: "In a direct chat: follow up the session in use, else start one" },
    TextForm { usage: "@<session> <prompt>", description: "Follow up in that session" },
    TextForm { usage: "@<agent>[/<model>] <prompt>", description: "Start a session on that agent and model" },
];

const INVESTIGATE: Build = Prompt(|start| Command::Investigate(Some(start)));

fn of(command: Background) -> Command {
    Command::Background(command)
}

fn word(given: &[&str], index: usize) -> String {
    given[index].to_owned()
}
