//! Plans as rows have them: an expression and the name of a zone.

use std::collections::HashMap;

use crate::plan::Plan;

/// Plans that were read, by how they are written: many schedules have the same, and reading one takes longer than its row.
#[derive(Default)]
pub(super) struct Plans(HashMap<(String, String), Plan>);

impl Plans {
    pub(super) fn read(&mut self, cron: String, zone: String) -> rusqlite::Result<Plan> {
        let written = (cron, zone);
        if let Some(plan) = self.0.get(&written) {
            return Ok(plan.clone());
        }
        let plan = Plan { cron: written.0.parse().map_err(invalid)?, zone: written.1.parse().map_err(invalid)? };
        self.0.insert(written, plan.clone());
        Ok(plan)
    }
}

/// What a row holds cannot be read.
pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
}
