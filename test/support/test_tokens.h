/// TestIssuer: an issuer of tokens as Entra makes them, with an RSA key of its own.

#pragma once

#include "base/encoding.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

namespace kssedr::test {

class TestIssuer {
public:
    explicit TestIssuer(std::string key_id, unsigned bits = 2048)
        : key_id(std::move(key_id)), key_(EVP_RSA_gen(bits), EVP_PKEY_free) {}

    std::string key_id;

    /// A member of a key set. `more`: further members, such as `,"use":"enc"`.
    [[nodiscard]] std::string jwk(std::string_view more = R"(,"use":"sig")") const {
        return R"({"kty":"RSA","kid":")" + key_id + R"(","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
               number(OSSL_PKEY_PARAM_RSA_E) + '"' + std::string(more) + '}';
    }
    [[nodiscard]] std::string header() const { return R"({"typ":"JWT","alg":"RS256","kid":")" + key_id + R"("})"; }
    /// A token of these two JSON texts, signed with RS256 whatever the header says.
    [[nodiscard]] std::string sign(std::string_view header, std::string_view body) const {
        auto const signed_part = format_base64url(header) + '.' + format_base64url(body);
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
        auto size = signature.size();
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<unsigned char const*>(signed_part.data()), signed_part.size());
        signature.resize(size);
        return signed_part + '.' + format_base64url(signature);
    }
    [[nodiscard]] std::string sign(std::string_view body) const { return sign(header(), body); }

private:
    [[nodiscard]] std::string number(char const* name) const {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &value);
        std::unique_ptr<BIGNUM, decltype(&BN_free)> const owned(value, BN_free);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
        BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
        return format_base64url(bytes);
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace kssedr::test
