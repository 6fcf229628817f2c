#include "base/hash.h"

#include "base/check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace kssedr {
namespace {

// Found once: OpenSSL otherwise asks its providers for it at every digest, which takes longer than a short digest does.
EVP_MD const* find_sha256() {
    static EVP_MD const* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    KSSEDR_CHECK(found != nullptr, "OpenSSL has no SHA-256");
    return found;
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    int const done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, find_sha256(), nullptr);
    KSSEDR_CHECK(done == 1, "OpenSSL refused SHA-256");
    return {reinterpret_cast<char const*>(digest.data()), size};
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    // OpenSSL takes a null pointer for "the key of last time", which there is not.
    char const* const key_bytes = key.empty() ? "" : key.data();
    auto const* done = HMAC(find_sha256(), key_bytes, static_cast<int>(key.size()),
                            reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(), digest.data(), &size);
    KSSEDR_CHECK(done != nullptr, "OpenSSL refused HMAC-SHA-256");
    return {reinterpret_cast<char const*>(digest.data()), size};
}

}  // namespace kssedr
