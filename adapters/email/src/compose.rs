//! Makes the part of a notice, with subject, recipients and the ids that tie the mails about one thing together.

use signalbox_adapter::{Notice, Part};

use crate::body::Body;
use crate::render::bodies;

/// Ends a notice that was too long.
const CUT_MARK: &str = "(the rest was too long for a mail)";

/// Makes the part of a notice, to be delivered to each of its recipients.
///
/// It is one mail, whatever its length: what passes [`crate::render::MAX_TEXT_CHARS`] is left out, and the mail says so.
#[must_use]
pub fn compose(notice: &Notice) -> Part {
    let (mut bodies, rest) = bodies(&notice.document, 1);
    let mut body = bodies.remove(0);
    if rest.is_some() {
        body.text.extend(["\n\n", CUT_MARK]);
        body.html.extend(["<p>", CUT_MARK, "</p>\n"]);
    }
    let body = Body {
        subject: Some(notice.subject.clone()),
        to: notice.to.clone(),
        message_id_key: Some(notice.id.clone()),
        references: notice.references.clone(),
        ..body
    };
    body.into_part()
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::Document;

    use super::*;

    #[test]
    fn a_notice_reads_back_with_all_that_ties_it_to_others() {
        let notice = Notice {
            subject: "Done".to_owned(),
            to: vec!["a@b.example".to_owned()],
            id: "task-1".to_owned(),
            references: vec!["task-0".to_owned()],
            document: Document::text("x < y"),
        };
        let body = Body::of(&compose(&notice));
        assert_eq!((body.text.as_str(), body.html.as_str()), ("x < y", "<p>x &lt; y</p>\n"));
        assert_eq!((body.subject_line().as_str(), body.message_id_key.as_deref()), ("Done", Some("task-1")));
    }

    #[test]
    fn a_notice_without_end_is_cut_and_says_so() {
        let document = Document::text("word ".repeat(crate::render::MAX_TEXT_CHARS / 4));
        let notice = Notice { subject: String::new(), to: vec![], id: String::new(), references: vec![], document };
        let body = Body::of(&compose(&notice));
        assert!(body.text.chars().count() <= crate::render::MAX_TEXT_CHARS);
        assert!(body.text.ends_with(CUT_MARK));
    }
}
