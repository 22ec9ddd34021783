//! The methods in the body of the impl, by their names.

use std::collections::VecDeque;

use proc_macro::{Delimiter, Span, TokenStream, TokenTree};

use crate::problems::Problems;

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:ident:
        $method:ident($event:ident) -> $reply:ident, $else:ident, $failure:literal;)*) => {
        /// The methods of events, with the numbers of these.
        const NAMES: &[(&str, i32)] = &[$((stringify!($method), $number),)*];
    };
}
ovpn_plugin_sys::for_each_event!(names);

/// A method of an event.
pub(crate) struct Method {
    pub(crate) event: i32,
    pub(crate) optional: bool,
    /// Its `#[cfg(...)]`.
    pub(crate) conditions: TokenStream,
}

/// The body without what belongs to this attribute, and the methods in it.
pub(crate) fn find(body: TokenStream, problems: &mut Problems) -> (TokenStream, Vec<Method>) {
    let mut tokens: VecDeque<TokenTree> = body.into_iter().collect();
    let (mut rest, mut methods) = (TokenStream::new(), Vec::new());
    while !tokens.is_empty() {
        let attributes = Attributes::take(&mut tokens, problems);
        let item: Vec<TokenTree> = take_item(&mut tokens);
        let name = method_name(&item);
        let event = name.and_then(|name| event_of(&name.to_string()));
        if let (Some(place), None) = (attributes.optional, event) {
            problems.add(place, "only a method of an event can be #[optional]");
        }
        if let (None, Some(first)) = (name, item.first()) {
            if is_macro(&item) {
                problems.add(
                    first.span(),
                    "#[ovpn_plugin::plugin] does not see the methods that a macro makes here: write them out, \
                     or let the macro make the whole impl with the attribute on it",
                );
            }
        }
        if let Some(event) = event {
            let optional = attributes.optional.is_some();
            methods.push(Method { event, optional, conditions: attributes.conditions });
        }
        rest.extend(attributes.others);
        rest.extend(item);
    }
    (rest, methods)
}

fn event_of(method: &str) -> Option<i32> {
    NAMES.iter().find(|(name, _)| *name == method).map(|(_, number)| *number)
}

/// What stands before an item.
#[derive(Default)]
struct Attributes {
    optional: Option<Span>,
    conditions: TokenStream,
    /// All but `#[optional]`.
    others: TokenStream,
}

impl Attributes {
    fn take(tokens: &mut VecDeque<TokenTree>, problems: &mut Problems) -> Self {
        let mut attributes = Self::default();
        loop {
            open_invisible_groups(tokens);
            let (Some(TokenTree::Punct(mark)), Some(TokenTree::Group(group))) =
                (tokens.front(), tokens.get(1))
            else {
                return attributes;
            };
            if mark.as_char() != '#' || group.delimiter() != Delimiter::Bracket {
                return attributes;
            }
            let mut words = group.stream().into_iter();
            let name = words.next().map(|name| name.to_string()).unwrap_or_default();
            let both: Vec<TokenTree> = tokens.drain(..2).collect();
            match (name.as_str(), words.next()) {
                ("optional", None) => attributes.optional = both.get(1).map(TokenTree::span),
                ("optional", Some(more)) => problems.add(more.span(), "#[optional] takes no words"),
                ("cfg", _) => {
                    attributes.conditions.extend(both.clone());
                    attributes.others.extend(both);
                }
                _ => attributes.others.extend(both),
            }
        }
    }
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

/// The tokens of the next item: until a `;`, or the braces of a function or a macro.
fn take_item(tokens: &mut VecDeque<TokenTree>) -> Vec<TokenTree> {
    let mut item = Vec::new();
    while let Some(token) = tokens.pop_front() {
        let ends = match &token {
            TokenTree::Punct(mark) => mark.as_char() == ';',
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                method_name(&item).is_some() || is_macro(&item)
            }
            _ => false,
        };
        item.push(token);
        if ends {
            break;
        }
    }
    item
}

/// The word after `fn`.
fn method_name(item: &[TokenTree]) -> Option<&TokenTree> {
    let at = item.iter().position(|token| is_word(token, "fn"))?;
    item.get(at + 1).filter(|next| matches!(next, TokenTree::Ident(_)))
}

/// `name! {...}`; a constant or type whose value is a macro's is none.
fn is_macro(item: &[TokenTree]) -> bool {
    let known = ["const", "type", "fn", "pub"];
    let starts_item = item.first().is_some_and(|first| known.iter().any(|word| is_word(first, word)));
    !starts_item && item.iter().any(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == '!'))
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(name) if name.to_string() == word)
}
