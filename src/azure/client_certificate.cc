#include "azure/client_certificate.h"

#include "azure/json_view.h"
#include "azure/secret_file.h"
#include "base/ascii.h"
#include "base/encoding.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <vector>

namespace kssedr::azure {
namespace {

template <auto Free>
struct Freeing {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using BioPtr = std::unique_ptr<BIO, Freeing<&BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<&EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freeing<&X509_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Freeing<&PKCS12_free>>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, Freeing<&EVP_MD_CTX_free>>;

constexpr std::chrono::minutes proof_life{10};

Failure refuse(std::string_view why) {
    return fail(Errc::invalid_argument, "the client certificate is not taken: " + std::string(why));
}

BioPtr reader_of(SecretString const& content) {
    auto const bytes = content.expose();
    return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// Without it OpenSSL would ask the terminal.
int give_password(char* into, int size, int /*is_writing*/, void* password) {
    auto const text = static_cast<SecretString const*>(password)->expose();
    if (text.size() > static_cast<std::size_t>(size)) return -1;
    std::ranges::copy(text, into);
    return static_cast<int>(text.size());
}

struct Pair {
    KeyPtr key;
    std::vector<CertificatePtr> certificates;
};

Result<Pair> parse_pem(SecretString const& content, SecretString const& password) {
    Pair pair;
    auto* const given = const_cast<SecretString*>(&password);  // OpenSSL's callbacks take what may be changed
    pair.key.reset(PEM_read_bio_PrivateKey(reader_of(content).get(), nullptr, give_password, given));
    if (!pair.key)
        return refuse(
            "its PEM file has no private key that can be read; put key and certificate into one file, and where the "
            "key is encrypted set AZURE_CLIENT_CERTIFICATE_PASSWORD");
    auto const reader = reader_of(content);
    while (auto* const one = PEM_read_bio_X509(reader.get(), nullptr, give_password, given))
        pair.certificates.emplace_back(one);
    return pair;
}

Result<Pair> parse_pkcs12(SecretString const& content, SecretString const& password) {
    Pkcs12Ptr const store(d2i_PKCS12_bio(reader_of(content).get(), nullptr));
    if (!store) return refuse("it is neither PEM nor PKCS#12");
    SecretString text = password.clone();
    text.append({"\0", 1});  // OpenSSL wants its end marked
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    int const is_read = PKCS12_parse(store.get(), text.expose().data(), &key, &certificate, nullptr);
    Pair pair;
    pair.key.reset(key);
    if (certificate != nullptr) pair.certificates.emplace_back(certificate);
    if (is_read != 1)
        return refuse(
            "its PKCS#12 file can not be opened: AZURE_CLIENT_CERTIFICATE_PASSWORD is wrong, or the file is encrypted "
            "in a way OpenSSL 3 has retired (make it anew, or convert it to PEM)");
    if (!pair.key) return refuse("its PKCS#12 file has no private key");
    return pair;
}

}  // namespace

struct ClientCertificate::Content {
    KeyPtr key;
    std::string thumbprint;  // SHA-256 of the certificate, base64url
};

ClientCertificate::ClientCertificate(std::unique_ptr<Content> content) : content_(std::move(content)) {}
ClientCertificate::ClientCertificate(ClientCertificate&&) noexcept = default;
ClientCertificate& ClientCertificate::operator=(ClientCertificate&&) noexcept = default;
ClientCertificate::~ClientCertificate() = default;

Result<ClientCertificate> ClientCertificate::parse(SecretString const& content, SecretString const& password) {
    bool const is_pem = content.expose().find("-----BEGIN ") != std::string_view::npos;
    KSSEDR_TRY(auto pair, is_pem ? parse_pem(content, password) : parse_pkcs12(content, password));
    if (EVP_PKEY_get_base_id(pair.key.get()) != EVP_PKEY_RSA) return refuse("Entra takes RSA keys only");
    if (EVP_PKEY_get_bits(pair.key.get()) < 2048) return refuse("its key is shorter than 2048 bits");
    auto const own = std::ranges::find_if(pair.certificates, [&](CertificatePtr const& one) {
        return X509_check_private_key(one.get(), pair.key.get()) == 1;
    });
    if (own == pair.certificates.end()) return refuse("there is no certificate of its private key in the file");
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(own->get(), EVP_sha256(), digest.data(), &size) != 1) return refuse("it has no digest");
    auto made = std::make_unique<Content>();
    made->key = std::move(pair.key);
    made->thumbprint = format_base64url({reinterpret_cast<char const*>(digest.data()), size});
    return ClientCertificate(std::move(made));
}

Result<SecretString> ClientCertificate::sign(AssertionClaims const& claims) const {
    auto const now = std::chrono::floor<std::chrono::seconds>(claims.now).time_since_epoch();
    auto const quoted = [](std::string_view text) {
        SecretString json;
        append_json_string(json, text);
        return std::string(json.expose());
    };
    std::string const header = R"({"alg":"PS256","typ":"JWT","x5t#S256":")" + content_->thumbprint + "\"}";
    auto const number = [](std::chrono::seconds at) { return std::to_string(at.count()); };
    std::string const body = R"({"aud":)" + quoted(claims.audience) + R"(,"iss":)" + quoted(claims.client_id) +
                             R"(,"sub":)" + quoted(claims.client_id) + R"(,"jti":)" + quoted(claims.id) + R"(,"nbf":)" +
                             number(now) + R"(,"iat":)" + number(now) + R"(,"exp":)" + number(now + proof_life) + '}';
    std::string const signed_part = format_base64url(header) + '.' + format_base64url(body);

    ContextPtr const context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* key_context = nullptr;
    auto const* const bytes = reinterpret_cast<unsigned char const*>(signed_part.data());
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(content_->key.get())), '\0');
    auto size = signature.size();
    bool const is_signed =
        EVP_DigestSignInit(context.get(), &key_context, EVP_sha256(), nullptr, content_->key.get()) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                       signed_part.size()) == 1;
    if (!is_signed) return fail(Errc::internal, "OpenSSL did not sign with the client certificate's key");
    signature.resize(size);
    return SecretString::absorb(signed_part + '.' + format_base64url(signature));
}

Result<ClientCertificate> read_client_certificate(std::string const& path, SecretString const& password) {
    std::string const name = "the certificate \"" + escape_for_display(path) + "\" (AZURE_CLIENT_CERTIFICATE_PATH)";
    KSSEDR_TRY(auto const content, read_secret_file(path, name));
    auto certificate = ClientCertificate::parse(content, password);
    if (!certificate) return fail(std::move(certificate).error().during(name));
    return certificate;
}

}  // namespace kssedr::azure
