//! Why a request to a hook is refused, as its sender and the operator are told.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::alert::AlertError;
use crate::hook::Unproven;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HookRefusal {
    /// No hook has this source and id; which of them is wrong is not told.
    Unknown,
    /// The body is not said to be JSON.
    ContentType,
    /// It carries no secret and no signature.
    Unsigned,
    /// The secret or signature is wrong.
    WrongSecret,
    /// The signed time is too far from ours.
    Stale,
    /// The body is too long.
    TooLarge,
    /// The body did not come in time.
    TooSlow,
    /// The body broke off.
    BrokenOff,
    /// The body is no JSON.
    NotJson,
    /// The JSON is nested too deeply.
    TooDeep,
    /// The JSON has nothing of what the hook's source sends.
    Foreign,
    /// Too many requests are at work.
    Busy,
    /// The store did not take it, or not in time.
    Store,
}

impl HookRefusal {
    /// Returns the word for it in the metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::ContentType => "content_type",
            Self::Unsigned => "unsigned",
            Self::WrongSecret => "wrong_secret",
            Self::Stale => "stale",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::BrokenOff => "broken_off",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::Foreign => "foreign",
            Self::Busy => "busy",
            Self::Store => "store",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unsigned => StatusCode::UNAUTHORIZED,
            Self::WrongSecret | Self::Stale => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff | Self::NotJson | Self::TooDeep => StatusCode::BAD_REQUEST,
            Self::Foreign => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy | Self::Store => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Says what is wrong, and what to do about it.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Unknown => "no such hook",
            Self::ContentType => "the body must be sent as application/json, without compression",
            Self::Unsigned => "it carries no secret and no signature; `signalbox hooks add` says where to set it",
            Self::WrongSecret => "its secret or signature is wrong",
            Self::Stale => "the time that it signs is too far from ours; compare the clocks",
            Self::TooLarge => "the body is larger than 1 MiB",
            Self::TooSlow => "the body did not come in time",
            Self::BrokenOff => "the body broke off",
            Self::NotJson => "the body is no JSON",
            Self::TooDeep => "the body's JSON is nested too deeply",
            Self::Foreign => {
                "the body has nothing of what this hook's source sends; for JSON of another shape make a hook of `generic`"
            }
            Self::Busy => "too many requests are at work; send it again",
            Self::Store => "it could not be stored; send it again",
        }
    }
}

impl From<Unproven> for HookRefusal {
    fn from(why: Unproven) -> Self {
        match why {
            Unproven::Missing => Self::Unsigned,
            Unproven::Wrong => Self::WrongSecret,
            Unproven::Stale => Self::Stale,
        }
    }
}

impl From<AlertError> for HookRefusal {
    fn from(error: AlertError) -> Self {
        match error {
            AlertError::TooLarge { .. } => Self::TooLarge,
            AlertError::TooDeep { .. } => Self::TooDeep,
            AlertError::NotJson | AlertError::Empty => Self::NotJson,
            AlertError::Foreign => Self::Foreign,
        }
    }
}

impl IntoResponse for HookRefusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{}\n", self.why())).into_response();
        let header = match self {
            Self::Busy | Self::Store => Some((header::RETRY_AFTER, "1")),
            Self::Unsigned => Some((header::WWW_AUTHENTICATE, "Bearer")),
            _ => None,
        };
        response.headers_mut().extend(header.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}
