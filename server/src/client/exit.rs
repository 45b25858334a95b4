//! Exit codes, the same for every command that asks a server.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked; something was found.
    Done,
    /// It failed at its work.
    Failed,
    /// What was asked cannot be done as asked.
    Misused,
    /// Nothing matches, which is an answer.
    NothingFound,
    /// The server cannot be reached, or cannot answer for the moment; trying again may help.
    Unavailable,
    /// A signal ended it before it was done.
    Interrupted,
}

impl Exit {
    /// The number that scripts see.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Misused => 2,
            Self::NothingFound => 3,
            Self::Unavailable => 4,
            // What shells make of a process that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
