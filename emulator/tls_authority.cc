#include "emulator/tls_authority.h"

#include "base/ascii.h"
#include "base/check.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>

namespace kssedr::emulator {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

constexpr long seconds_a_day = 24L * 60 * 60;
constexpr std::string_view nameless = "localhost";
// A client that asks for ever new names must not fill the memory.
constexpr std::size_t certificates_max = 1000;

void must(int result) {
    KSSEDR_CHECK(result > 0, "OpenSSL refused to make a certificate");
}

KeyPtr make_key() {
    KeyPtr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    KSSEDR_CHECK(key != nullptr, "OpenSSL could not make an EC key");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int kind, std::string const& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    KSSEDR_CHECK(extension != nullptr, "OpenSSL refused an extension");
    must(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

void set_serial(X509* certificate) {
    unsigned char bytes[16] = {};
    must(RAND_bytes(bytes, sizeof bytes));
    bytes[0] &= 0x7fU;
    auto* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
}

CertificatePtr begin_certificate(EVP_PKEY* key, std::string_view common_name, long days) {
    CertificatePtr certificate(X509_new(), X509_free);
    must(X509_set_version(certificate.get(), X509_VERSION_3));
    set_serial(certificate.get());
    // Dated back a little, for a client whose clock is behind.
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -seconds_a_day);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * seconds_a_day);
    must(X509_set_pubkey(certificate.get(), key));
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                                    reinterpret_cast<unsigned char const*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0));
    return certificate;
}

std::string to_pem(X509* certificate) {
    auto* out = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(out, certificate));
    char* bytes = nullptr;
    auto const size = BIO_get_mem_data(out, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
}

}  // namespace

bool is_server_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

struct TlsAuthority::Store {
    KeyPtr authority_key = make_key();
    KeyPtr server_key = make_key();  // one for all names: they are all this process
    CertificatePtr authority{nullptr, X509_free};
    std::map<std::string, CertificatePtr> servers;

    void make_authority() {
        authority = begin_certificate(authority_key.get(), "kssedr-emulator local Azure", 3650);
        must(X509_set_issuer_name(authority.get(), X509_get_subject_name(authority.get())));
        add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
        add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
        add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
        must(X509_sign(authority.get(), authority_key.get(), EVP_sha256()));
    }

    X509* find_or_mint(std::string const& name) {
        if (auto const found = servers.find(name); found != servers.end()) return found->second.get();
        if (servers.size() >= certificates_max) servers.clear();
        // A common name holds 64 characters; who the certificate is for stands in the alternative names.
        auto made = begin_certificate(server_key.get(), name.size() <= 64 ? name : "local Azure", 365);
        must(X509_set_issuer_name(made.get(), X509_get_subject_name(authority.get())));
        auto names = "DNS:" + name;
        if (name == nameless) names += ",IP:127.0.0.1,IP:::1";
        add_extension(made.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
        add_extension(made.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
        add_extension(made.get(), authority.get(), NID_ext_key_usage, "serverAuth");
        add_extension(made.get(), authority.get(), NID_subject_key_identifier, "hash");
        add_extension(made.get(), authority.get(), NID_authority_key_identifier, "keyid:always");
        add_extension(made.get(), authority.get(), NID_subject_alt_name, names);
        must(X509_sign(made.get(), authority_key.get(), EVP_sha256()));
        return servers.emplace(name, std::move(made)).first->second.get();
    }

    // OpenSSL asks here in the middle of each handshake.
    static int choose(SSL* connection, void* self) {
        auto& store = *static_cast<Store*>(self);
        auto const* asked = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
        std::string name(nameless);
        if (asked != nullptr) {
            if (!is_server_name(asked)) return 0;
            name = to_ascii_lower(asked);
        }
        auto* const certificate = store.find_or_mint(name);
        bool const taken = SSL_use_certificate(connection, certificate) == 1 &&
                           SSL_use_PrivateKey(connection, store.server_key.get()) == 1;
        return taken ? 1 : 0;
    }
};

TlsAuthority::TlsAuthority() : store_(std::make_unique<Store>()) {
    store_->make_authority();
    pem_ = to_pem(store_->authority.get());
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_cert_cb(context_.native_handle(), &Store::choose, store_.get());
}

TlsAuthority::~TlsAuthority() = default;

std::size_t TlsAuthority::minted() const {
    return store_->servers.size();
}

}  // namespace kssedr::emulator
