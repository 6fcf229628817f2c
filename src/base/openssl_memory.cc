#include "base/openssl_memory.h"

#include <openssl/crypto.h>

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace kssedr {
namespace {

void* allocate(std::size_t size, char const*, int) {
    return size == 0 ? nullptr : std::malloc(size);
}

// The allocator knows how much a block holds; all of it may have been written to.
void release(void* block, char const*, int) {
    if (block == nullptr) return;
    OPENSSL_cleanse(block, ::malloc_usable_size(block));
    std::free(block);
}

// realloc would leave the old block as it was.
void* reallocate(void* block, std::size_t size, char const* file, int line) {
    if (block == nullptr) return allocate(size, file, line);
    if (size == 0) return release(block, file, line), nullptr;
    auto const held = ::malloc_usable_size(block);
    if (size <= held && size >= held / 2) return block;
    void* const moved = std::malloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, std::min(size, held));
    release(block, file, line);
    return moved;
}

}  // namespace

bool wipe_what_openssl_frees() {
    return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
}

}  // namespace kssedr
