//! Fetching over HTTP: git's protocol, version 2 (and 1, which gitoxide falls back to).

use std::num::NonZeroU32;
use std::path::Path;

use gix_hash::ObjectId;
use gix_protocol::fetch::negotiate::{self, Action, Round};
use gix_protocol::fetch::{Arguments, Context, Negotiate, Options, Response, Shallow, Tags};
use gix_protocol::handshake::Ref;
use gix_protocol::ls_refs::RefPrefixes;
use gix_protocol::{Handshake, LsRefsCommand};
use gix_transport::client::blocking_io::http::Transport;
use gix_transport::{Protocol, Service};
use gix_utils::progress::Discard;
use url::Url;

use crate::address::Branch;
use crate::fetch::{Packs, Side, Tip};
use crate::http::Courier;
use crate::watch::{Progress, Watch};
use crate::{Credentials, Refusal};

/// A server we said hello to.
pub(crate) struct Remote<'a> {
    watch: &'a Watch<'a>,
    transport: Transport<Courier<'a>>,
    handshake: Handshake,
}

impl<'a> Remote<'a> {
    pub(crate) fn connect(
        watch: &'a Watch<'a>,
        address: &'a Url,
        credentials: Option<&'a Credentials>,
    ) -> Result<Self, Refusal> {
        (watch.terms.progress)(Progress::Asking);
        let courier = Courier::new(watch, address, credentials);
        let url = gix_url::parse(address.as_str()).map_err(|_| Refusal::Address("it names no repository"))?;
        let mut transport = Transport::new_http(courier, url, Protocol::V2, false);
        // Who asks for credentials here gets none: they were sent with the first request.
        let handshake =
            gix_protocol::handshake(&mut transport, Service::UploadPack, |_| Ok(None), vec![], &mut Discard)
                .map_err(|error| watch.explain(&error))?;
        let format =
            handshake.capabilities.capability("object-format").and_then(|it| it.value().map(ToOwned::to_owned));
        if format.is_some_and(|it| it != "sha1") {
            return Err(Refusal::Unsupported("its objects are named by SHA-256"));
        }
        Ok(Self { watch, transport, handshake })
    }

    fn list(&mut self, prefixes: impl IntoIterator<Item = String>) -> Result<Vec<Ref>, Refusal> {
        let mut wanted = RefPrefixes::new();
        wanted.extend(prefixes.into_iter().map(Into::into));
        let command = LsRefsCommand::new(Some(wanted), &self.handshake.capabilities, agent());
        command.invoke_blocking(&mut self.transport, &mut Discard, false).map_err(|error| self.watch.explain(&error))
    }
}

impl Side for Remote<'_> {
    fn tip(&mut self, branch: Option<&Branch>) -> Result<Tip, Refusal> {
        let known = self.handshake.refs.clone();
        let refs = match &known {
            Some(refs) => refs.clone(),
            None => self.list(["HEAD".to_owned()].into_iter().chain(branch.map(Branch::full)))?,
        };
        let found = match branch {
            Some(branch) => {
                refs.iter().find_map(|it| direct(it, &branch.full())).map(|commit| (branch.as_str().to_owned(), commit))
            }
            None => refs.iter().find_map(default),
        };
        if let Some((branch, commit)) = found {
            return Ok(Tip { branch, commit });
        }
        // Nothing at all, or not that one?
        let branches = match known {
            Some(refs) => refs,
            None => self.list(["refs/heads/".to_owned()])?,
        };
        let any = branches.iter().any(|it| !matches!(it, Ref::Unborn { .. }));
        Err(if any { Refusal::UnknownBranch(branch.map(|it| it.as_str().to_owned())) } else { Refusal::Empty })
    }

    fn give(
        &mut self,
        commit: ObjectId,
        have: Option<ObjectId>,
        packs: &Packs<'_>,
        shallow_file: &Path,
    ) -> Result<(), Refusal> {
        self.watch.expect_pack();
        let depth = Shallow::DepthAtRemote(NonZeroU32::MIN);
        gix_protocol::fetch(
            &mut Newest { commit, have },
            |pack, progress, stop| packs.write(pack, progress, stop).map(|()| true),
            Discard,
            self.watch.stop,
            Context {
                handshake: &mut self.handshake,
                transport: &mut self.transport,
                user_agent: agent(),
                trace_packetlines: false,
            },
            Options {
                shallow_file: shallow_file.to_owned(),
                shallow: &depth,
                tags: Tags::None,
                reject_shallow_remote: false,
            },
        )
        .map(|_| ())
        .map_err(|error| self.watch.explain(&error))
    }
}

fn agent() -> gix_protocol::command::Feature {
    ("agent", Some(gix_protocol::agent(concat!("atrium-", env!("CARGO_PKG_VERSION")))))
}

/// The commit of a branch by its full name.
fn direct(found: &Ref, name: &str) -> Option<ObjectId> {
    match found {
        Ref::Direct { full_ref_name, object } | Ref::Symbolic { full_ref_name, object, .. }
            if full_ref_name == name =>
        {
            Some(*object)
        }
        _ => None,
    }
}

/// What `HEAD` names; the branch is called `HEAD` when it names a commit.
fn default(found: &Ref) -> Option<(String, ObjectId)> {
    match found {
        Ref::Symbolic { full_ref_name, target, object, .. } if full_ref_name == "HEAD" => {
            let target = target.to_string();
            Some((target.strip_prefix("refs/heads/").unwrap_or(&target).to_owned(), *object))
        }
        Ref::Direct { full_ref_name, object } if full_ref_name == "HEAD" => Some(("HEAD".to_owned(), *object)),
        _ => None,
    }
}

/// There is nothing to negotiate about one commit: we want it, and say the one we have.
struct Newest {
    commit: ObjectId,
    have: Option<ObjectId>,
}

impl Negotiate for Newest {
    fn mark_complete_and_common_ref(&mut self) -> gix_error::Result<Action> {
        Ok(Action::MustNegotiate { remote_ref_target_known: vec![false] })
    }

    fn add_wants(&mut self, arguments: &mut Arguments, _known: &[bool]) -> bool {
        arguments.want(self.commit);
        true
    }

    fn one_round(
        &mut self,
        _state: &mut negotiate::one_round::State,
        arguments: &mut Arguments,
        _previous: Option<&Response>,
    ) -> gix_error::Result<(Round, bool)> {
        let haves_sent = usize::from(self.have.is_some());
        if let Some(have) = self.have {
            arguments.have(have);
        }
        let previous_response_had_at_least_one_in_common = false;
        Ok((Round { haves_sent, in_vain: 0, haves_to_send: 1, previous_response_had_at_least_one_in_common }, true))
    }
}
