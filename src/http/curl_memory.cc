#include "http/curl_memory.h"

#include "base/check.h"
#include "base/secret_string.h"

#include <curl/curl.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace kssedr::http {
namespace {

void* allocate(std::size_t size) {
    return std::malloc(size);
}
void* allocate_zeroed(std::size_t count, std::size_t size) {
    return std::calloc(count, size);
}

void release(void* memory) {
    if (memory == nullptr) return;
    wipe({static_cast<char*>(memory), malloc_usable_size(memory)});
    std::free(memory);
}

void* reallocate(void* memory, std::size_t size) {
    // std::realloc may move and would leave the old bytes where they were.
    if (memory == nullptr) return std::malloc(size);
    void* const grown = std::malloc(size);
    if (grown == nullptr) return nullptr;
    std::memcpy(grown, memory, std::min(size, malloc_usable_size(memory)));
    release(memory);
    return grown;
}

char* duplicate(char const* text) {
    std::size_t const size = std::strlen(text) + 1;
    auto* const copy = static_cast<char*>(std::malloc(size));
    if (copy != nullptr) std::memcpy(copy, text, size);
    return copy;
}

}  // namespace

void start_curl() {
    static bool const started = curl_global_init_mem(CURL_GLOBAL_DEFAULT, allocate, release, reallocate, duplicate,
                                                     allocate_zeroed) == CURLE_OK;
    KSSEDR_CHECK(started, "libcurl did not start");
}

}  // namespace kssedr::http
