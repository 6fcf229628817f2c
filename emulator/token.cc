#include "emulator/token.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/hash.h"
#include "emulator/base64url.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace kssedr::emulator {
namespace {

constexpr Duration clock_slack{300'000};
// Where a token says by which clock it was issued; Entra's own private claims begin with xms_ as well.
constexpr std::string_view unhurried_claim = "xms_emu";

using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::int64_t to_seconds(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

std::string public_number(EVP_PKEY* key, char const* name) {
    BIGNUM* number = nullptr;
    KSSEDR_CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1, "an RSA key has its numbers");
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(number);
    return format_base64url(bytes);
}

json::object to_claims(Token const& token, TimePoint real_now) {
    json::object claims;
    claims["aud"] = token.audience;
    claims["iss"] = token.issuer;
    claims["iat"] = to_seconds(token.issued);
    claims["nbf"] = to_seconds(std::min(token.issued, real_now) - clock_slack);
    claims["exp"] = to_seconds(std::max(token.issued, real_now) + token_life);
    claims["appidacr"] = "1";
    if (token.version == 2) {
        claims["azp"] = token.client_id;
        claims["azpacr"] = "1";
        claims.erase("appidacr");
    } else {
        claims["appid"] = token.client_id;
        claims["idp"] = token.issuer;
    }
    claims["oid"] = token.object_id;
    if (!token.roles.empty()) claims["roles"] = json::array(token.roles.begin(), token.roles.end());
    claims["sub"] = token.object_id;
    claims["tid"] = token.tenant;
    claims["ver"] = token.version == 2 ? "2.0" : "1.0";
    claims[json::string_view(unhurried_claim)] = token.issued_unhurried.time_since_epoch().count();
    return claims;
}

std::optional<Token> to_token(json::object const& claims) {
    auto const text = [&](char const* name) {
        auto const* value = claims.if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    auto const* unhurried = claims.if_contains(json::string_view(unhurried_claim));
    auto const at = unhurried == nullptr ? std::nullopt : to_integer(*unhurried);
    if (!at) return std::nullopt;
    Token token;
    token.audience = text("aud");
    token.issuer = text("iss");
    token.tenant = text("tid");
    token.object_id = text("oid");
    token.version = text("ver") == "2.0" ? 2 : 1;
    token.client_id = text(token.version == 2 ? "azp" : "appid");
    token.issued_unhurried = TimePoint{Duration{*at}};
    return token;
}

}  // namespace

struct TokenSigner::Key {
    EVP_PKEY* key = nullptr;
    ~Key() { EVP_PKEY_free(key); }
};

TokenSigner::TokenSigner() : key_(std::make_unique<Key>()) {
    key_->key = EVP_RSA_gen(2048);
    KSSEDR_CHECK(key_->key != nullptr, "OpenSSL could not make an RSA key");
    key_id_ = format_base64url(sha256(public_number(key_->key, OSSL_PKEY_PARAM_RSA_N)).substr(0, 20));
}

TokenSigner::~TokenSigner() = default;

std::string TokenSigner::sign(Token const& token, TimePoint real_now) const {
    json::object header{{"typ", "JWT"}, {"alg", "RS256"}, {"x5t", key_id_}, {"kid", key_id_}};
    auto const signed_part =
        format_base64url(json::serialize(header)) + "." + format_base64url(json::serialize(to_claims(token, real_now)));
    ContextPtr const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::array<unsigned char, 256> signature{};
    auto size = signature.size();
    int const begun = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->key);
    int const done = EVP_DigestSign(context.get(), signature.data(), &size,
                                    reinterpret_cast<unsigned char const*>(signed_part.data()), signed_part.size());
    KSSEDR_CHECK(begun == 1 && done == 1, "OpenSSL could not sign");
    return signed_part + "." + format_base64url({reinterpret_cast<char const*>(signature.data()), size});
}

std::expected<Token, TokenSigner::Fault> TokenSigner::verify(std::string_view text, TimePoint unhurried_now) const {
    auto const parts = split(text, '.');
    if (parts.size() != 3) return std::unexpected(Fault::malformed);
    auto const header = parse_base64url(parts[0]);
    auto const payload = parse_base64url(parts[1]);
    auto const signature = parse_base64url(parts[2]);
    if (!header || !payload || !signature) return std::unexpected(Fault::malformed);
    auto const head = parse_json(*header);
    auto const* algorithm = head && head->is_object() ? head->get_object().if_contains("alg") : nullptr;
    if (algorithm == nullptr || *algorithm != "RS256") return std::unexpected(Fault::malformed);

    auto const signed_part = text.substr(0, parts[0].size() + 1 + parts[1].size());
    ContextPtr const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    int const begun = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->key);
    KSSEDR_CHECK(begun == 1, "OpenSSL could not begin to verify");
    int const good =
        EVP_DigestVerify(context.get(), reinterpret_cast<unsigned char const*>(signature->data()), signature->size(),
                         reinterpret_cast<unsigned char const*>(signed_part.data()), signed_part.size());
    if (good != 1) return std::unexpected(Fault::bad_signature);

    auto const claims = parse_json(*payload);
    if (!claims || !claims->is_object()) return std::unexpected(Fault::malformed);
    auto const token = to_token(claims->get_object());
    if (!token) return std::unexpected(Fault::malformed);
    if (unhurried_now >= token->issued_unhurried + token_life) return std::unexpected(Fault::expired);
    return *token;
}

json::object TokenSigner::key_set(std::string_view issuer) const {
    json::object key{{"kty", "RSA"}, {"use", "sig"}, {"alg", "RS256"}, {"kid", key_id_}, {"x5t", key_id_}};
    key["n"] = public_number(key_->key, OSSL_PKEY_PARAM_RSA_N);
    key["e"] = public_number(key_->key, OSSL_PKEY_PARAM_RSA_E);
    key["issuer"] = std::string(issuer);
    return json::object{{"keys", json::array{std::move(key)}}};
}

}  // namespace kssedr::emulator
