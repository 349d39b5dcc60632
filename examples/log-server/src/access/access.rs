//! Who may do what here, of all who call.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Authority, Caller, Credentials, Denied, NothingRevoked, Place, Reason, Revocations, Right,
};

/// All ways of knowing who calls, and what was taken back.
///
/// A clone shares everything.
#[derive(Clone, Debug)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    authorities: Vec<Box<dyn Authority>>,
    revocations: Arc<dyn Revocations>,
}

impl Access {
    /// Everybody may do everything.
    pub fn anonymous() -> Self {
        Self::new(Vec::new(), Arc::new(NothingRevoked))
    }

    /// Those may that an authority knows, the first of them that does; without any, everybody may
    /// do everything.
    pub fn new(authorities: Vec<Box<dyn Authority>>, revocations: Arc<dyn Revocations>) -> Self {
        Self(Arc::new(Inner { authorities, revocations }))
    }

    /// Whether somebody has to say who he is.
    pub fn needs_sign_in(&self) -> bool {
        !self.0.authorities.is_empty()
    }

    /// Who brings these credentials, as far as it matters for this right and place. Whether he may
    /// is in his grants.
    ///
    /// # Errors
    ///
    /// When nobody knows him, what he brings is over or taken back, or who decides does not answer.
    pub async fn identify(
        &self,
        credentials: &Credentials,
        right: Right,
        place: &Place,
    ) -> Result<Arc<Caller>, Denied> {
        if !self.needs_sign_in() {
            return Ok(Arc::new(Caller::anyone()));
        }
        for authority in &self.0.authorities {
            if let Some(caller) = authority.identify(credentials, right, place).await? {
                self.still_holds(&caller)?;
                return Ok(Arc::new(caller));
            }
        }
        Err(if credentials.is_empty() {
            Denied::new(Reason::Unknown, "say who you are: this server wants a sign-in")
        } else {
            Denied::new(Reason::Unknown, "nobody knows this token, cookie or ticket; sign in anew")
        })
    }

    /// Who brings these credentials, if he may do this here.
    ///
    /// # Errors
    ///
    /// Those of [`identify`](Self::identify), and when he may not. What is said then does not
    /// depend on what there is.
    pub async fn check(
        &self,
        credentials: &Credentials,
        right: Right,
        place: &Place,
    ) -> Result<Arc<Caller>, Denied> {
        let caller = self.identify(credentials, right, place).await?;
        caller.check(right, place)?;
        Ok(caller)
    }

    /// Looks whether what makes this caller is over, or was taken back.
    ///
    /// # Errors
    ///
    /// When it is.
    pub fn still_holds(&self, caller: &Caller) -> Result<(), Denied> {
        if caller.expires.is_some_and(|end| end <= Timestamp::now()) {
            return Err(Denied::new(Reason::Expired, "your sign-in is over; sign in anew"));
        }
        if self.0.revocations.is_revoked(caller) {
            return Err(Denied::new(Reason::Revoked, "your sign-in was taken back"));
        }
        Ok(())
    }

    /// What was taken back.
    pub fn revocations(&self) -> &Arc<dyn Revocations> {
        &self.0.revocations
    }
}
