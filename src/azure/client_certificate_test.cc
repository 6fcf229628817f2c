#include "azure/client_certificate.h"

#include "azure/entra.h"
#include "base/ascii.h"
#include "base/encoding.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace kssedr::azure {
namespace {

namespace json = boost::json;

std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    auto const size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

// A key and its certificate as an administrator makes them.
class Made {
public:
    explicit Made(EVP_PKEY* key) : key_(key), certificate_(X509_new()) {
        X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
        X509_set_pubkey(certificate_, key_);
        X509_sign(certificate_, key_, EVP_sha256());
    }
    Made(Made const&) = delete;
    Made& operator=(Made const&) = delete;
    ~Made() {
        X509_free(certificate_);
        EVP_PKEY_free(key_);
    }

    EVP_PKEY* key() const { return key_; }
    std::string certificate_pem() const {
        BIO* const out = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(out, certificate_);
        return text_of(out);
    }
    std::string key_pem(char const* password = nullptr) const {
        BIO* const out = BIO_new(BIO_s_mem());
        PEM_write_bio_PKCS8PrivateKey(out, key_, password == nullptr ? nullptr : EVP_aes_256_cbc(), password,
                                      password == nullptr ? 0 : static_cast<int>(std::string_view(password).size()),
                                      nullptr, nullptr);
        return text_of(out);
    }
    std::string pkcs12(char const* password) const {
        auto* const store = PKCS12_create(password, "kssedr", key_, certificate_, nullptr, 0, 0, 0, 0, 0);
        BIO* const out = BIO_new(BIO_s_mem());
        i2d_PKCS12_bio(out, store);
        PKCS12_free(store);
        return text_of(out);
    }
    std::string thumbprint() const {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        X509_digest(certificate_, EVP_sha256(), digest, &size);
        return {reinterpret_cast<char const*>(digest), size};
    }

private:
    EVP_PKEY* key_;
    X509* certificate_;
};

Made& good() {
    static Made made(EVP_RSA_gen(2048));
    return made;
}

Result<ClientCertificate> parse(std::string_view content, std::string_view password = {}) {
    return ClientCertificate::parse(SecretString::copy_of(content), SecretString::copy_of(password));
}

std::string from_base64url(std::string text) {
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return parse_base64(text).value_or("");
}

bool verifies(std::string_view signed_part, std::string const& signature, EVP_PKEY* key) {
    auto* const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* key_context = nullptr;
    EVP_DigestVerifyInit(context, &key_context, EVP_sha256(), nullptr, key);
    EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, 32);
    int const good =
        EVP_DigestVerify(context, reinterpret_cast<unsigned char const*>(signature.data()), signature.size(),
                         reinterpret_cast<unsigned char const*>(signed_part.data()), signed_part.size());
    EVP_MD_CTX_free(context);
    return good == 1;
}

// Holds a proof against what Microsoft's documents ask of one.
void expect_proof(std::string const& proof, std::string_view audience) {
    auto const parts = split(proof, '.');
    ASSERT_EQ(parts.size(), 3U);
    auto const header = json::parse(from_base64url(std::string(parts[0])));
    auto const claims = json::parse(from_base64url(std::string(parts[1])));
    EXPECT_EQ(header.at("alg").as_string(), "PS256");
    EXPECT_EQ(header.at("typ").as_string(), "JWT");
    EXPECT_EQ(from_base64url(std::string(header.at("x5t#S256").as_string())), good().thumbprint());
    EXPECT_EQ(std::string_view(claims.at("aud").as_string()), audience);
    EXPECT_EQ(claims.at("iss").as_string(), "app-1");
    EXPECT_EQ(claims.at("sub").as_string(), "app-1");
    EXPECT_FALSE(claims.at("jti").as_string().empty());
    auto const issued = claims.at("iat").as_int64();
    EXPECT_EQ(claims.at("nbf").as_int64(), issued);
    EXPECT_EQ(claims.at("exp").as_int64(), issued + 600);
    EXPECT_TRUE(verifies(std::string(parts[0]) + '.' + std::string(parts[1]), from_base64url(std::string(parts[2])),
                         good().key()));
}

TEST(ClientCertificate, IsReadInEveryFormThatAzuresLibrariesRead) {
    static Made other(EVP_RSA_gen(2048));
    struct Case {
        char const* name;
        std::string content;
        std::string password;
    };
    auto const certificate = good().certificate_pem();
    for (auto const& [name, content, password] : std::vector<Case>{
             {"key, then certificate", good().key_pem() + certificate, ""},
             {"certificate, then key", certificate + good().key_pem(), ""},
             {"with text around",
              "Bag Attributes\n" + certificate + "\nKey Attributes: <No Attributes>\n" + good().key_pem(), ""},
             {"an encrypted key", certificate + good().key_pem("pass word"), "pass word"},
             {"its chain before it", other.certificate_pem() + certificate + good().key_pem(), ""},
             {"PKCS#12", good().pkcs12("pw"), "pw"},
             {"PKCS#12 without a password", good().pkcs12(""), ""},
         }) {
        SCOPED_TRACE(name);
        auto const read = parse(content, password);
        ASSERT_TRUE(read) << read.error().message();
        auto const proof = read->sign({"https://login.example/t/oauth2/v2.0/token", "app-1", "id", TimePoint{}});
        ASSERT_TRUE(proof);
        expect_proof(std::string(proof->expose()), "https://login.example/t/oauth2/v2.0/token");
    }
}

TEST(ClientCertificate, SaysWhatIsWrongAndNoMore) {
    static Made other(EVP_RSA_gen(2048)), short_one(EVP_RSA_gen(1024)), curve(EVP_EC_gen("P-256"));
    struct Case {
        char const* name;
        std::string content;
        std::string password;
        std::string_view says;
    };
    auto const certificate = good().certificate_pem();
    for (auto const& [name, content, password, says] : std::vector<Case>{
             {"nothing", "x", "", "neither PEM nor PKCS#12"},
             {"no key", certificate, "", "no private key"},
             {"no certificate", good().key_pem(), "", "no certificate of its private key"},
             {"another's certificate", good().key_pem() + other.certificate_pem(), "", "no certificate of its"},
             {"a wrong password", certificate + good().key_pem("right"), "wrong", "PASSWORD"},
             {"no password", certificate + good().key_pem("right"), "", "PASSWORD"},
             {"a long password", certificate + good().key_pem("right"), std::string(5000, 'x'), "PASSWORD"},
             {"PKCS#12, a wrong password", good().pkcs12("right"), "wrong", "PASSWORD"},
             {"a short key", short_one.key_pem() + short_one.certificate_pem(), "", "2048"},
             {"no RSA key", curve.key_pem() + curve.certificate_pem(), "", "RSA"},
         }) {
        SCOPED_TRACE(name);
        auto const read = parse(content, password);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code(), Errc::invalid_argument);
        EXPECT_NE(read.error().message().find(says), std::string::npos) << read.error().message();
        EXPECT_EQ(read.error().message().find("right"), std::string::npos);
    }
    for (std::string const path : {"/nonexistent", "/tmp", "/dev/zero"}) {
        auto const read = read_client_certificate(path, {});
        ASSERT_FALSE(read);
        EXPECT_NE(read.error().message().find("AZURE_CLIENT_CERTIFICATE_PATH"), std::string::npos);
    }
}

CORO_TEST(Entra, ProvesItselfWithTheCertificateAsItIsNow) {
    auto const file = std::filesystem::path(::testing::TempDir()) / "kssedr-client-certificate.pem";
    std::ofstream(file) << good().certificate_pem() << good().key_pem();
    test::ScriptedTransport transport(clock());
    test::SeededRandom random{1};
    ClientCertificateIssuer issuer(transport, clock(), random, {"https://login.example/", "t", "app-1"}, file.string(),
                                   {});
    std::string const url = "https://login.example/t/oauth2/v2.0/token";
    transport.expect(http::Method::post, url).answer(200, R"({"expires_in":3599,"access_token":"t"})");
    auto const token = co_await issuer.fetch_token("https://vault.azure.net", SteadyPoint::max());
    CO_ASSERT(token.has_value());
    std::string const form = transport.sent().at(0).body;
    std::string const mark = "jwt-bearer&client_assertion=";
    EXPECT_NE(form.find("client_id=app-1&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_assertion_type=urn"),
              std::string::npos)
        << form;
    CO_ASSERT(form.find(mark) != std::string::npos);
    expect_proof(form.substr(form.find(mark) + mark.size()), url);

    std::filesystem::remove(file);
    auto const gone = co_await issuer.fetch_token("https://vault.azure.net", SteadyPoint::max());
    CO_ASSERT(!gone.has_value());
    EXPECT_EQ(gone.error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace kssedr::azure
