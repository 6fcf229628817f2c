#include "base/hash.h"

#include "base/check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace kssedr {

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    int const done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    KSSEDR_CHECK(done == 1, "OpenSSL refused SHA-256");
    return {reinterpret_cast<char const*>(digest.data()), size};
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    // OpenSSL takes a null pointer for "the key of last time", which there is not.
    char const* const key_bytes = key.empty() ? "" : key.data();
    auto const* done = HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
                            reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(), digest.data(), &size);
    KSSEDR_CHECK(done != nullptr, "OpenSSL refused HMAC-SHA-256");
    return {reinterpret_cast<char const*>(digest.data()), size};
}

}  // namespace kssedr
