//! The attributes before an item: `#[optional]`, which is this crate's own, and the conditions.

use std::collections::VecDeque;

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::problems::Problems;

/// What stands before an item.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) optional: Option<Span>,
    pub(crate) conditions: TokenStream,
    /// All but `#[optional]`.
    pub(crate) others: TokenStream,
}

impl Attributes {
    pub(crate) fn take(tokens: &mut VecDeque<TokenTree>, problems: &mut Problems) -> Self {
        let mut attributes = Self::default();
        loop {
            open_invisible_groups(tokens);
            let (length, Some(group)) = first(tokens) else { return attributes };
            let mut words: VecDeque<TokenTree> = group.stream().into_iter().collect();
            // As `macro_rules!` passes one on: `$(#[$attribute:meta])*`.
            open_invisible_groups(&mut words);
            let name = words.pop_front().map(|name| name.to_string()).unwrap_or_default();
            let place = group.span();
            let all: Vec<TokenTree> = tokens.drain(..length).collect();
            match (name.as_str(), words.front()) {
                ("optional", None) => attributes.optional = Some(place),
                ("optional", Some(more)) => problems.add(more.span(), "#[optional] takes no words"),
                ("cfg", _) => {
                    attributes.conditions.extend(all.clone());
                    attributes.others.extend(all);
                }
                ("cfg_attr", Some(words)) if has_condition(words) => problems.add(
                    place,
                    "#[ovpn_plugin::plugin] does not understand #[cfg_attr(..., cfg(...))]: write \
                     #[cfg(any(not(...), ...))]",
                ),
                _ => attributes.others.extend(all),
            }
        }
    }
}

/// The brackets of the attribute that these begin with, if they do, and how many tokens it has. `#![...]` is one, too.
fn first(tokens: &VecDeque<TokenTree>) -> (usize, Option<Group>) {
    let is = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == wanted);
    if !is(0, '#') {
        return (0, None);
    }
    let at = if is(1, '!') { 2 } else { 1 };
    match tokens.get(at) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            (at + 1, Some(group.clone()))
        }
        _ => (0, None),
    }
}

/// Whether there is a condition among the attributes of a `cfg_attr`.
fn has_condition(words: &TokenTree) -> bool {
    let TokenTree::Group(words) = words else { return false };
    let words: Vec<TokenTree> = words.stream().into_iter().collect();
    words.iter().zip(words.iter().skip(1)).any(|(word, next)| match word.to_string().as_str() {
        "cfg" => true,
        "cfg_attr" => has_condition(next),
        _ => false,
    })
}

/// What `macro_rules!` was given is in a group of its own.
fn open_invisible_groups(tokens: &mut VecDeque<TokenTree>) {
    while let Some(TokenTree::Group(group)) = tokens.front() {
        if group.delimiter() != Delimiter::None {
            return;
        }
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        tokens.pop_front();
        inner.into_iter().rev().for_each(|token| tokens.push_front(token));
    }
}
