//! Reading and writing by what an enum holds.

/// Lets a type be read and written by what it holds; `$with` is a macro that does the same with
/// whatever that is.
macro_rules! reads_and_writes {
    ($type:ty, $with:ident) => {
        impl ::tokio::io::AsyncRead for $type {
            fn poll_read(
                self: ::std::pin::Pin<&mut Self>,
                context: &mut ::std::task::Context<'_>,
                buffer: &mut ::tokio::io::ReadBuf<'_>,
            ) -> ::std::task::Poll<::std::io::Result<()>> {
                $with!(self.get_mut(), socket => ::std::pin::Pin::new(socket).poll_read(context, buffer))
            }
        }

        impl ::tokio::io::AsyncWrite for $type {
            fn poll_write(
                self: ::std::pin::Pin<&mut Self>,
                context: &mut ::std::task::Context<'_>,
                bytes: &[u8],
            ) -> ::std::task::Poll<::std::io::Result<usize>> {
                $with!(self.get_mut(), socket => ::std::pin::Pin::new(socket).poll_write(context, bytes))
            }

            fn poll_write_vectored(
                self: ::std::pin::Pin<&mut Self>,
                context: &mut ::std::task::Context<'_>,
                slices: &[::std::io::IoSlice<'_>],
            ) -> ::std::task::Poll<::std::io::Result<usize>> {
                $with!(self.get_mut(), socket => ::std::pin::Pin::new(socket).poll_write_vectored(context, slices))
            }

            fn is_write_vectored(&self) -> bool {
                $with!(self, socket => socket.is_write_vectored())
            }

            fn poll_flush(self: ::std::pin::Pin<&mut Self>, context: &mut ::std::task::Context<'_>) -> ::std::task::Poll<::std::io::Result<()>> {
                $with!(self.get_mut(), socket => ::std::pin::Pin::new(socket).poll_flush(context))
            }

            fn poll_shutdown(self: ::std::pin::Pin<&mut Self>, context: &mut ::std::task::Context<'_>) -> ::std::task::Poll<::std::io::Result<()>> {
                $with!(self.get_mut(), socket => ::std::pin::Pin::new(socket).poll_shutdown(context))
            }
        }
    };
}

pub(crate) use reads_and_writes;
