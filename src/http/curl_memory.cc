#include "http/curl_memory.h"

#include "base/check.h"
#include "base/wiped_memory.h"

#include <curl/curl.h>

#include <cstdlib>
#include <cstring>

namespace kssedr::http {
namespace {

char* duplicate(char const* text) {
    std::size_t const size = std::strlen(text) + 1;
    auto* const copy = static_cast<char*>(std::malloc(size));
    if (copy != nullptr) std::memcpy(copy, text, size);
    return copy;
}

}  // namespace

void start_curl() {
    static bool const started = curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, free_wiped, reallocate_wiped,
                                                     duplicate, std::calloc) == CURLE_OK;
    KSSEDR_CHECK(started, "libcurl did not start");
}

}  // namespace kssedr::http
