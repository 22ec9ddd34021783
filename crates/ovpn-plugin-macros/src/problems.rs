//! What is wrong with the code, as errors of the compiler at the place where it stands.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

#[derive(Default)]
pub(crate) struct Problems(Vec<TokenTree>);

impl Problems {
    pub(crate) fn add(&mut self, place: Span, text: &str) {
        let text: TokenStream = TokenTree::from(Literal::string(text)).into();
        let mut tokens = vec![
            TokenTree::from(Punct::new(':', Spacing::Joint)),
            Punct::new(':', Spacing::Alone).into(),
            Ident::new("core", place).into(),
            Punct::new(':', Spacing::Joint).into(),
            Punct::new(':', Spacing::Alone).into(),
            Ident::new("compile_error", place).into(),
            Punct::new('!', Spacing::Alone).into(),
            Group::new(Delimiter::Brace, text).into(),
        ];
        tokens.iter_mut().for_each(|token| token.set_span(place));
        self.0.extend(tokens);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_tokens(self) -> impl Iterator<Item = TokenTree> {
        self.0.into_iter()
    }
}
