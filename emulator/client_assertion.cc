#include "emulator/client_assertion.h"

#include "base/ascii.h"
#include "emulator/base64url.h"
#include "emulator/json.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>

namespace kssedr::emulator {
namespace {

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr Duration clock_slack{300'000};

CertificatePtr parse_certificate(std::string_view pem) {
    std::unique_ptr<BIO, decltype(&BIO_free)> const in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                       BIO_free);
    return {PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free};
}

std::string thumbprint(X509* certificate, EVP_MD const* hash) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(certificate, hash, digest.data(), &size);
    return format_base64url({reinterpret_cast<char const*>(digest.data()), size});
}

std::string text_in(json::object const& object, std::string_view name) {
    auto const* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Microsoft's Python library writes the padding that a JWT does without, and Entra takes it.
std::string thumbprint_in(json::object const& header, std::string_view name) {
    auto text = text_in(header, name);
    while (text.ends_with('=')) text.pop_back();
    return text;
}

bool is_signed_by(X509* certificate, std::string_view algorithm, std::string_view signed_part,
                  std::string_view signature) {
    ContextPtr const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* key = nullptr;
    auto* const public_key = X509_get0_pubkey(certificate);
    if (EVP_DigestVerifyInit(context.get(), &key, EVP_sha256(), nullptr, public_key) != 1) return false;
    if (algorithm == "PS256" && (EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) != 1 ||
                                 EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(context.get(), reinterpret_cast<unsigned char const*>(signature.data()), signature.size(),
                            reinterpret_cast<unsigned char const*>(signed_part.data()), signed_part.size()) == 1;
}

AssertionFault malformed() {
    return {50027, "JWT token is invalid or malformed."};
}

std::optional<AssertionFault> check_claims(json::object const& claims, ExpectedAssertion const& expected) {
    if (text_in(claims, "iss") != expected.client_id || text_in(claims, "sub") != expected.client_id)
        return AssertionFault{700021, "Client assertion application identifier doesn't match 'client_id' parameter."};
    if (std::ranges::find(expected.audiences, text_in(claims, "aud")) == expected.audiences.end())
        return AssertionFault{700023, "Client assertion audience claim does not match Realm issuer."};
    // Microsoft's Python library writes fractions of a second.
    auto const time = [&](std::string_view name) -> std::optional<TimePoint> {
        auto const* value = claims.if_contains(name);
        if (value == nullptr || !value->is_number()) return std::nullopt;
        constexpr double last = 253402300799;  // the year 9999
        auto const seconds = std::clamp(value->to_number<double>(), 0.0, last);
        return TimePoint(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
    };
    auto const begin = time("nbf"), end = time("exp");
    if (!end || *end + clock_slack <= expected.now || (begin && *begin - clock_slack > expected.now))
        return AssertionFault{700024, "Client assertion is not within its valid time range."};
    return std::nullopt;
}

}  // namespace

bool is_certificate(std::string_view pem) {
    return parse_certificate(pem) != nullptr;
}

std::optional<AssertionFault> check_assertion(std::string_view jwt, ExpectedAssertion const& expected) {
    auto const parts = split(jwt, '.');
    if (parts.size() != 3) return malformed();
    auto const header_text = parse_base64url(parts[0]), claims_text = parse_base64url(parts[1]);
    auto const signature = parse_base64url(parts[2]);
    auto const header = parse_json(header_text.value_or(""));
    auto const claims = parse_json(claims_text.value_or(""));
    if (!header || !claims || !signature || !header->is_object() || !claims->is_object()) return malformed();
    auto const algorithm = text_in(header->get_object(), "alg");
    if (algorithm != "RS256" && algorithm != "PS256") return malformed();

    auto const by_sha1 = thumbprint_in(header->get_object(), "x5t");
    auto const by_sha256 = thumbprint_in(header->get_object(), "x5t#S256");
    bool is_registered = false;
    for (auto const& pem : expected.certificates) {
        auto const certificate = parse_certificate(pem);
        if (!certificate) continue;
        bool const is_named = (!by_sha1.empty() && by_sha1 == thumbprint(certificate.get(), EVP_sha1())) ||
                              (!by_sha256.empty() && by_sha256 == thumbprint(certificate.get(), EVP_sha256()));
        if (!is_named) continue;
        is_registered = true;
        auto const signed_part = jwt.substr(0, parts[0].size() + 1 + parts[1].size());
        if (is_signed_by(certificate.get(), algorithm, signed_part, *signature))
            return check_claims(claims->get_object(), expected);
    }
    if (is_registered)
        return AssertionFault{700027,
                              "The certificate with identifier used to sign the client assertion is registered "
                              "on application, but the signature is not valid."};
    return AssertionFault{700027,
                          "The certificate with identifier used to sign the client assertion is not registered "
                          "on application."};
}

}  // namespace kssedr::emulator
