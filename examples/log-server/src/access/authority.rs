//! A way of knowing who calls.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Caller, Credentials, Denied, Place, Right};

/// What an authority says: who it is, or nothing if the credentials are of another kind.
pub type Identified<'a> = Pin<Box<dyn Future<Output = Result<Option<Caller>, Denied>> + Send + 'a>>;

/// A way of knowing who calls.
pub trait Authority: Debug + Send + Sync + 'static {
    /// Who brings these credentials. Authorities are asked one after the other: `None` says that
    /// these credentials are not of its kind, an error that they are and are not right.
    ///
    /// Whether he may do there what he asks is in his grants; an authority that decides place by
    /// place, and right by right, answers with grants for these.
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        right: Right,
        place: &'a Place,
    ) -> Identified<'a>;
}

impl<T: Authority + ?Sized> Authority for Arc<T> {
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        right: Right,
        place: &'a Place,
    ) -> Identified<'a> {
        (**self).identify(credentials, right, place)
    }
}
