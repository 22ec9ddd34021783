//! What is measured, and how a row comes about: both plugins in turn, the median of the rounds.

use crate::rows;
use crate::stats::median;
use harness::{Account, EtcPamService};
use std::path::PathBuf;

/// Which plugin.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    C,
    Ours,
}

/// Unit of the figures of a row.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Seconds,
    Bytes,
}

/// What our figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// At most this part of the C plugin's figure.
    Ratio(f64),
    /// At most this, in the unit of the row.
    Value(f64),
}

/// Takes one figure each time it is called.
pub(crate) type Probe<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// A row to be measured.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) target: Target,
    pub(crate) rounds: usize,
    /// Makes one plugin ready to be measured.
    pub(crate) start: fn(&Bench, Side) -> Probe<'_>,
}

/// A row that was measured.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) c: Option<f64>,
    pub(crate) ours: f64,
    pub(crate) target: Target,
}

impl Row {
    /// Our figure as part of the C plugin's.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.c.filter(|c| *c > 0.0).map(|c| self.ours / c)
    }

    /// Whether the target is met, if there is one that can be told.
    pub(crate) fn met(&self) -> Option<bool> {
        match self.target {
            Target::Ratio(most) => self.ratio().map(|ratio| ratio <= most),
            Target::Value(most) => Some(self.ours <= most),
        }
    }
}

/// Plugins, services and account the rows share; removed again on drop.
pub(crate) struct Bench {
    c: PathBuf,
    ours: PathBuf,
    /// A stack that does nothing.
    pub(crate) permit: EtcPamService,
    /// pam_unix as in the service file we install.
    pub(crate) unix: EtcPamService,
    /// Whom pam_unix knows.
    pub(crate) account: Account,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Bench {
            c: harness::plugin::c_auth_pam(),
            ours: our_plugin(),
            permit: EtcPamService::new("auth required pam_permit.so\naccount required pam_permit.so\n"),
            unix: EtcPamService::new(
                "auth required pam_unix.so shadow nodelay\naccount required pam_unix.so\n",
            ),
            account: Account::new("Analytical Engine 1"),
        }
    }

    pub(crate) fn plugin(&self, side: Side) -> &PathBuf {
        match side {
            Side::C => &self.c,
            Side::Ours => &self.ours,
        }
    }

    /// Measures the rows whose name contains `filter`.
    pub(crate) fn run(&self, filter: &str) -> Vec<Row> {
        rows::all().iter().filter(|spec| spec.name.contains(filter)).map(|spec| self.measure(spec)).collect()
    }

    fn measure(&self, spec: &Spec) -> Row {
        let mut c = (spec.start)(self, Side::C);
        let mut ours = (spec.start)(self, Side::Ours);
        let (mut c_figures, mut our_figures) = (Vec::new(), Vec::new());
        for _ in 0..spec.rounds {
            c_figures.push(c());
            our_figures.push(ours());
        }
        let (c, ours) = (Some(median(&c_figures)), median(&our_figures));
        Row { name: spec.name, unit: spec.unit, c, ours, target: spec.target }
    }
}

/// In the directory named by `PLUGIN_DIR`, else beside this program, which is built into the same directory.
fn our_plugin() -> PathBuf {
    let directory = std::env::var_os("PLUGIN_DIR").map(PathBuf::from).or_else(|| {
        let own = std::env::current_exe().ok()?;
        own.parent().map(PathBuf::from)
    });
    let path = directory.unwrap_or_default().join("libopenvpn_plugin_auth_pam.so");
    assert!(path.exists(), "{} is missing: run `make build`", path.display());
    path
}
