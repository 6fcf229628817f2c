#include "emulator/client_assertion.h"

#include "emulator/base64url.h"

#include <gtest/gtest.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace kssedr::emulator {
namespace {

constexpr TimePoint now{Duration{1'768'469'400'000}};
constexpr std::string_view audience = "https://login.localhost/t/oauth2/v2.0/token";

class Signer {
public:
    Signer() : key_(EVP_RSA_gen(2048)), certificate_(X509_new()) {
        X509_gmtime_adj(X509_getm_notBefore(certificate_), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
        X509_set_pubkey(certificate_, key_);
        X509_sign(certificate_, key_, EVP_sha256());
    }
    Signer(Signer const&) = delete;
    Signer& operator=(Signer const&) = delete;
    ~Signer() {
        X509_free(certificate_);
        EVP_PKEY_free(key_);
    }

    std::string pem() const {
        BIO* const out = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(out, certificate_);
        char* bytes = nullptr;
        auto const size = BIO_get_mem_data(out, &bytes);
        std::string text(bytes, static_cast<std::size_t>(size));
        BIO_free(out);
        return text;
    }
    std::string thumbprint(EVP_MD const* hash) const {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        X509_digest(certificate_, hash, digest, &size);
        return format_base64url({reinterpret_cast<char const*>(digest), size});
    }
    std::string sign(std::string const& header, std::string const& claims) const {
        auto const text = format_base64url(header) + '.' + format_base64url(claims);
        auto* const context = EVP_MD_CTX_new();
        EVP_PKEY_CTX* key = nullptr;
        EVP_DigestSignInit(context, &key, EVP_sha256(), nullptr, key_);
        if (header.find("PS256") != std::string::npos) {
            EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING);
            EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST);
        }
        std::string signature(256, '\0');
        auto size = signature.size();
        EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<unsigned char const*>(text.data()), text.size());
        EVP_MD_CTX_free(context);
        return text + '.' + format_base64url(signature);
    }
    std::string header(std::string const& algorithm) const {
        if (algorithm == "RS256") return R"({"alg":"RS256","x5t":")" + thumbprint(EVP_sha1()) + "\"}";
        return R"({"alg":")" + algorithm + R"(","x5t#S256":")" + thumbprint(EVP_sha256()) + "\"}";
    }

private:
    EVP_PKEY* key_;
    X509* certificate_;
};

std::string claims(std::string_view client = "app", std::string_view to = audience, std::int64_t end = 1'768'469'999) {
    return R"({"iss":")" + std::string(client) + R"(","sub":"app","aud":")" + std::string(to) +
           R"(","nbf":1768469399.25,"exp":)" + std::to_string(end) + '}';
}

TEST(ClientAssertion, IsTakenOfARegisteredCertificateOnly) {
    static Signer const signer, stranger;
    ExpectedAssertion const expected{"app", {stranger.pem(), signer.pem()}, {std::string(audience)}, now};
    ExpectedAssertion const unregistered{"app", {stranger.pem()}, {std::string(audience)}, now};
    auto const code = [](std::string const& jwt, ExpectedAssertion const& asked) {
        auto const fault = check_assertion(jwt, asked);
        return fault ? fault->code : 0;
    };
    for (std::string const algorithm : {"RS256", "PS256"}) {
        auto const header = signer.header(algorithm);
        EXPECT_EQ(code(signer.sign(header, claims()), expected), 0) << algorithm;
        EXPECT_EQ(code(signer.sign(header, claims()), unregistered), 700027);
        EXPECT_EQ(code(stranger.sign(header, claims()), expected), 700027) << "signed by another key";
        EXPECT_EQ(code(signer.sign(header, claims("other")), expected), 700021);
        EXPECT_EQ(code(signer.sign(header, claims("app", "https://evil.example")), expected), 700023);
        EXPECT_EQ(code(signer.sign(header, claims("app", audience, 1'768'469'000)), expected), 700024);
    }
    auto const padded = R"({"alg":"RS256","x5t":")" + signer.thumbprint(EVP_sha1()) + "=\"}";
    EXPECT_EQ(code(signer.sign(padded, claims()), expected), 0) << "as Microsoft's Python library writes it";
    EXPECT_EQ(code(signer.sign(R"({"alg":"RS256"})", claims()), expected), 700027) << "names no certificate";
    EXPECT_EQ(code(signer.sign(signer.header("none"), claims()), expected), 50027);
    for (std::string const text : {"", "x", "..", "a.b.c", "e30.e30.e30", "!.!.!"})
        EXPECT_EQ(code(text, expected), 50027);
    EXPECT_TRUE(is_certificate(signer.pem()));
    EXPECT_FALSE(is_certificate("x"));
}

}  // namespace
}  // namespace kssedr::emulator
