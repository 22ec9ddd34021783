//! Between supervisor and worker.

use std::time::Duration;

use pam::ReturnCode;
use privsep::wire::{Bytes, Text};
use secret::Secret;

use super::client_options_request::ClientOptionsRequest;
use super::credentials::{MAX_BLOCK, MAX_CLIENT, SecretBytes};
use super::passwordless_proof::PasswordlessProof;
use super::question::MAX_QUESTION;
use super::reference::Reference;
use super::session::{Assigned, Usage};
use super::verdict::WhoseFault;
use super::{MAX_ADDRESS, MAX_CHECKED, MAX_CREDENTIAL, MAX_SAID, MAX_TEXT};

privsep::wire! {
    /// Supervisor to worker.
    #[derive(Debug)]
    pub enum Order {
        /// Begin a transaction.
        33 => Begin(transaction: NewTransaction),
        /// The answer to the question that the transaction has asked.
        34 => Answer {
            /// The number of the transaction.
            nonce: u64,
            /// As in [`Begin`]: the client that answers may be another connection than the one that was asked.
            session: bool,
            /// Encoded [`Credentials`](super::Credentials), of which the password is the answer.
            credentials: Secret as SecretBytes<MAX_BLOCK>,
        },
        /// Open the session of the transaction that has let somebody in.
        35 => Open {
            /// The number of the transaction.
            nonce: u64,
            /// The addresses of the client.
            assigned: Assigned,
            /// The session's name in both logs.
            reference: Reference,
        },
        /// Put the options of a client together. That is a transaction of its own, without PAM.
        37 => CollectOptions {
            /// The number of the transaction.
            nonce: u64,
            /// What is known of the client, and what may stand in its options.
            wanted: ClientOptionsRequest,
        },
        /// Look at the account once more, in the transaction of a session that is open.
        38 => CheckAccount {
            /// The number of the transaction.
            nonce: u64,
            /// What the client has shown.
            proof: PasswordlessProof,
        },
        /// Close it, and end the transaction.
        36 => Close {
            /// The number of the transaction.
            nonce: u64,
            /// How the connection was used.
            usage: Usage,
        },
    }
}

privsep::wire! {
    /// A transaction to begin.
    #[derive(Debug)]
    pub struct NewTransaction {
        /// Random number of the transaction; the worker's reports must repeat it.
        pub nonce: u64,
        /// If it succeeds, it is kept for a session.
        pub session: bool,
        /// What the client has shown instead of a password: then only the account is looked at.
        pub proof: Option<PasswordlessProof>,
        /// Name that PAM is asked about.
        pub username: Vec<u8> as Text<MAX_CREDENTIAL>,
        /// Common name of the client's certificate; empty without one.
        pub common_name: Vec<u8> as Text<MAX_CREDENTIAL>,
        /// For `PAM_RHOST`; empty when unknown.
        pub address: Vec<u8> as Text<MAX_ADDRESS>,
        /// Encoded [`Credentials`](super::Credentials).
        pub credentials: Secret as SecretBytes<MAX_BLOCK>,
        /// Encoded [`Client`](super::Client).
        pub client: Vec<u8> as Bytes<MAX_CLIENT>,
    }
}

privsep::wire! {
    /// Worker to supervisor.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Report {
        /// What happened.
        pub news: WorkerNews,
        /// The number of the transaction, the last one when there is none; zero before the first.
        pub nonce: u64,
    }
}

privsep::wire! {
    /// What a worker reports.
    #[derive(Debug, PartialEq, Eq)]
    pub enum WorkerNews {
        /// The worker waits for its next order: it has started, or looked at itself after a transaction.
        49 => Ready,
        /// The worker leaves instead: a module has changed this about its process.
        52 => Changed(what: Vec<u8> as Bytes<MAX_TEXT>),
        /// Something for the log, as it happens.
        50 => Note(text: Vec<u8> as Bytes<MAX_TEXT>),
        /// The transaction waits for an answer of the person at the client.
        53 => Question {
            /// The answer is shown while it is typed.
            echo: bool,
            /// It holds the address of a web page.
            page: bool,
            /// As in `Question`.
            private: bool,
            /// The question, one line.
            text: Vec<u8> as Bytes<MAX_QUESTION>,
        },
        /// The transaction has ended, or is kept for a session.
        51 => End(end: TransactionEnd),
        /// The session is open, or could not be opened: then the worker leaves.
        54 => Opened(done: StepResult),
        /// The account of a session was looked at.
        58 => Checked(end: TransactionEnd),
        /// The session is closed as far as it could be, and the transaction has ended. The worker leaves.
        55 => Closed(done: StepResult),
        /// A piece of the options that were to be put together.
        56 => OptionsPart(part: Vec<u8> as Text<MAX_TEXT>),
        /// All pieces are there, or why there are none.
        57 => OptionsDone(done: StepResult),
    }
}

privsep::wire! {
    /// What came of a step of a session, or of putting options together.
    #[derive(Debug, PartialEq, Eq)]
    pub struct StepResult {
        /// PAM's return code; zero is success.
        pub code: u32,
        /// `pam_strerror` of it, or what is wrong.
        pub text: Vec<u8> as Bytes<MAX_TEXT>,
    }
}

privsep::wire! {
    /// How a transaction ended.
    #[derive(Debug, PartialEq, Eq)]
    pub struct TransactionEnd {
        /// PAM's return code; zero is success.
        pub code: u32,
        /// The code came from `pam_authenticate` (or before), not from the account phase.
        pub authenticating: bool,
        /// `pam_strerror` of it.
        pub text: Vec<u8> as Bytes<MAX_TEXT>,
        /// How long a failure must stay unknown, counted from the arrival of the attempt, as the modules want it.
        pub delay: Duration,
        /// The user that PAM has checked (`PAM_USER`), possibly cut, if that is another name than the client sent; else empty.
        pub checked: Vec<u8> as Bytes<MAX_CHECKED>,
        /// The last answer of the person at the client is the password from now on.
        pub new_password: bool,
        /// What modules have said to the person at the client, if the login fails; one line.
        pub said: Vec<u8> as Bytes<MAX_SAID>,
        /// Whose fault it is, if it is a failure.
        pub fault: WhoseFault,
        /// The transaction goes on: the worker waits for the session to be opened.
        pub kept: bool,
    }
}

impl TransactionEnd {
    /// Of a transaction that has not begun: a failure, until PAM has said something else.
    pub fn not_begun() -> Self {
        TransactionEnd {
            code: ReturnCode::SYSTEM_ERR.raw().unsigned_abs(),
            authenticating: true,
            text: Vec::new(),
            delay: Duration::ZERO,
            checked: Vec::new(),
            new_password: false,
            said: Vec::new(),
            fault: WhoseFault::Client,
            kept: false,
        }
    }
}

privsep::message!(Order);
privsep::message!(Report);
