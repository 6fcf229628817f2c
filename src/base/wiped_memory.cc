#include "base/wiped_memory.h"

#include "base/secret_string.h"

#include <openssl/crypto.h>

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace kssedr {

// The allocator knows how much a block holds; all of it may have been written to.
void free_wiped(void* block) {
    if (block == nullptr) return;
    wipe({static_cast<char*>(block), ::malloc_usable_size(block)});
    std::free(block);
}

void* reallocate_wiped(void* block, std::size_t size) {
    if (block == nullptr) return std::malloc(size);
    auto const held = ::malloc_usable_size(block);
    void* const moved = std::malloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(size, held));
    free_wiped(block);
    return moved;
}

bool wipe_what_openssl_frees() {
    auto const allocate = [](std::size_t size, char const*, int) -> void* { return std::malloc(size); };
    auto const release = [](void* block, char const*, int) { free_wiped(block); };
    auto const reallocate = [](void* block, std::size_t size, char const*, int) -> void* {
        if (size != 0) return reallocate_wiped(block, size);
        free_wiped(block);
        return nullptr;
    };
    return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}

}  // namespace kssedr
