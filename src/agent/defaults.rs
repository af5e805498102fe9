//! Settings of ours for an agent that has a file of defaults below the person's own settings.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// A file of defaults that a kind of agent reads.
#[derive(Debug, Clone, Copy)]
pub struct DefaultsFile {
    /// The variable that names it.
    pub variable: &'static str,
    /// Where it is when no variable names it: what an administrator has written there stays.
    pub usual: &'static str,
    /// What it is called among our own files.
    pub name: &'static str,
    /// The places in it that are to be set unless they are, as keys one below the other, and to what.
    pub set: &'static [(&'static [&'static str], bool)],
}

impl DefaultsFile {
    /// Writes the file into a directory of ours, out of what an administrator has in `base`; returns where it is. `None` where
    /// what is there already says everything, or is not understood and so left alone.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, directory: &Path, base: &Path) -> io::Result<Option<PathBuf>> {
        let before = match std::fs::read(base) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(Value::Object(settings)) => settings,
                Ok(_) | Err(_) => return Ok(None),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
            Err(error) => return Err(error),
        };
        let Some(settings) = self.added(&before) else { return Ok(None) };
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let place = directory.join(self.name);
        let text = serde_json::to_vec(&settings).map_err(io::Error::other)?;
        if std::fs::read(&place).is_ok_and(|written| written == text) {
            return Ok(Some(place));
        }
        // Another agent may be reading it.
        let beside = directory.join(format!("{}.{}", self.name, std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&text)?;
        std::fs::rename(&beside, &place)?;
        Ok(Some(place))
    }

    /// Adds what is not set; `None` where nothing is to be added.
    fn added(&self, before: &Map<String, Value>) -> Option<Map<String, Value>> {
        let mut settings = before.clone();
        for (keys, value) in self.set {
            let Some((last, above)) = keys.split_last() else { continue };
            let mut place = Some(&mut settings);
            for key in above {
                place = place.and_then(|place| {
                    place.entry((*key).to_owned()).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
                });
            }
            if let Some(place) = place {
                place.entry((*last).to_owned()).or_insert(Value::Bool(*value));
            }
        }
        (settings != *before).then_some(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const FILE: DefaultsFile = DefaultsFile {
        variable: "DEFAULTS",
        usual: "/nowhere",
        name: "x.json",
        set: &[(&["general", "sessionRetention", "enabled"], false)],
    };

    fn written(base: Option<&str>) -> Option<String> {
        let place = tempfile::tempdir().expect("a directory");
        let (base_file, own) = (place.path().join("base.json"), place.path().join("agents"));
        if let Some(base) = base {
            std::fs::write(&base_file, base).expect("written");
        }
        let file = FILE.write(&own, &base_file).expect("written")?;
        assert_eq!(FILE.write(&own, &base_file).expect("again"), Some(file.clone()));
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&own).expect("there").count(), 1, "nothing is left beside it");
        Some(std::fs::read_to_string(file).expect("text"))
    }

    #[test]
    fn what_is_not_set_is_set_and_all_else_stays() {
        let ours = r#"{"general":{"sessionRetention":{"enabled":false}}}"#;
        assert_eq!(written(None).as_deref(), Some(ours));
        let theirs = r#"{"general":{"vimMode":true},"ui":{"theme":"x"}}"#;
        let both: Value = serde_json::from_str(&written(Some(theirs)).expect("written")).expect("JSON");
        assert_eq!(both["general"]["sessionRetention"]["enabled"], Value::Bool(false));
        assert_eq!((&both["general"]["vimMode"], &both["ui"]["theme"]), (&Value::Bool(true), &Value::from("x")));
    }

    #[test]
    fn what_an_administrator_has_decided_or_we_do_not_understand_is_left_alone() {
        for theirs in
            [r#"{"general":{"sessionRetention":{"enabled":true}}}"#, "// a comment\n{}", "[]", r#"{"general":7}"#]
        {
            assert_eq!(written(Some(theirs)), None, "{theirs}");
        }
    }
}
