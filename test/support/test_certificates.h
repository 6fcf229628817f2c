/// TestCertificate: certificates for servers of tests, made anew each time.

#pragma once

#include <boost/asio/ssl/context.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace kssedr::test {

/// A certificate that signs itself, for `host`; trusted by whoever trusts `pem()`.
class TestCertificate {
public:
    explicit TestCertificate(std::string const& host)
        : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
        auto* const x = certificate_.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key_.get());
        auto* const name = X509_get_subject_name(x);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(host.c_str()), -1,
                                   -1, 0);
        X509_set_issuer_name(x, name);
        extend(NID_subject_alt_name, "DNS:" + host);
        extend(NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(x, key_.get(), EVP_sha256());
    }

    [[nodiscard]] std::string pem() const {
        std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
        PEM_write_bio_X509(out.get(), certificate_.get());
        char* bytes = nullptr;
        auto const size = BIO_get_mem_data(out.get(), &bytes);
        return {bytes, static_cast<std::size_t>(size)};
    }

    /// Makes a server show it.
    void use_in(boost::asio::ssl::context& context) const {
        SSL_CTX_use_certificate(context.native_handle(), certificate_.get());
        SSL_CTX_use_PrivateKey(context.native_handle(), key_.get());
    }

private:
    void extend(int kind, std::string const& value) {
        X509V3_CTX context;
        context.db = nullptr;
        X509V3_set_ctx(&context, certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
        std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
            X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
        X509_add_ext(certificate_.get(), extension.get(), -1);
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace kssedr::test
