/// What OpenSSL frees is wiped: its record buffers have carried secret values, which DESIGN 2, law 6 wants gone.

#pragma once

namespace kssedr {

/// Takes OpenSSL's memory into our hands for the rest of the process. False where OpenSSL has allocated something already
/// (CRYPTO_set_mem_functions(3)): call it before anything else.
[[nodiscard]] bool wipe_what_openssl_frees();

}  // namespace kssedr
