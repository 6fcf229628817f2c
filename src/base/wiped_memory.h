/// Memory of the C kind that is wiped when it is freed, for libraries through whose buffers secret values go (DESIGN 2,
/// law 6).

#pragma once

#include <cstddef>

namespace kssedr {

/// As free(3), for what malloc gave.
void free_wiped(void* block);
/// As realloc(3), but the old block is wiped where the new one is another.
[[nodiscard]] void* reallocate_wiped(void* block, std::size_t size);

/// Wipes what OpenSSL frees, for the rest of the process: its record buffers carry whole answers. False where OpenSSL
/// has allocated something already (CRYPTO_set_mem_functions(3)): call it before anything else.
[[nodiscard]] bool wipe_what_openssl_frees();

}  // namespace kssedr
