#include "azure/signing_keys.h"

#include "async/latch.h"
#include "azure/error_answer.h"
#include "azure/json_view.h"
#include "azure/url.h"
#include "base/ascii.h"
#include "base/encoding.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

template <auto Free>
struct Freeing {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using NumberPtr = std::unique_ptr<BIGNUM, Freeing<&BN_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Freeing<&OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, Freeing<&OSSL_PARAM_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<&EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freeing<&EVP_PKEY_CTX_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Freeing<&EVP_MD_CTX_free>>;

constexpr std::size_t max_keys = 100;
constexpr std::size_t min_modulus = 2048 / 8;
constexpr std::size_t max_modulus = 8192 / 8;
constexpr std::size_t max_exponent = 8;

constexpr Duration look_limit = 15s;
constexpr Duration keys_are_fresh = 24h;
// Without an answer of Entra's for so long nobody can say that a key still holds.
constexpr Duration keys_hold = 72h;
constexpr Duration pause_between_looks = 5min;
// Where there are no keys at all, nobody can be let in until they are there.
constexpr Duration pause_without_keys = 30s;

std::string without_leading_zeros(std::string bytes) {
    bytes.erase(0, std::min(bytes.find_first_not_of('\0'), bytes.size()));
    return bytes;
}

// Nothing where the key is no RSA key for signatures.
std::optional<SigningKey> parse_key(JsonView json) {
    if (json["kty"].text_or("") != "RSA") return std::nullopt;
    if (json["use"] && json["use"].text_or("") != "sig") return std::nullopt;
    if (json["alg"] && json["alg"].text_or("") != "RS256") return std::nullopt;
    SigningKey key{.id = json["kid"].text_or(""), .issuer = json["issuer"].text_or("")};
    auto modulus = parse_base64url(json["n"].text_or(""));
    auto exponent = parse_base64url(json["e"].text_or(""));
    if (key.id.empty() || !modulus || !exponent) return std::nullopt;
    key.modulus = without_leading_zeros(*std::move(modulus));
    key.exponent = without_leading_zeros(*std::move(exponent));
    bool const has_length = key.modulus.size() >= min_modulus && key.modulus.size() <= max_modulus;
    if (!has_length || key.exponent.empty() || key.exponent.size() > max_exponent) return std::nullopt;
    // One as the exponent would make everything a signature of itself, and an even one is no RSA key.
    bool const is_odd = (static_cast<unsigned char>(key.exponent.back()) & 1U) != 0;
    if (!is_odd || key.exponent == "\x01") return std::nullopt;
    return key;
}

NumberPtr to_number(std::string_view bytes) {
    return NumberPtr(
        BN_bin2bn(reinterpret_cast<unsigned char const*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
}

KeyPtr to_key(SigningKey const& key) {
    auto const modulus = to_number(key.modulus);
    auto const exponent = to_number(key.exponent);
    BuilderPtr const builder(OSSL_PARAM_BLD_new());
    bool const is_filled = modulus && exponent && builder &&
                           OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
                           OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
    if (!is_filled) return nullptr;
    ParametersPtr const parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    KeyContextPtr const context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* made = nullptr;
    bool const is_made = parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                         EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
    KeyPtr result(made);
    return is_made ? std::move(result) : nullptr;
}

}  // namespace

Result<Discovery> parse_discovery(std::string_view body, std::string_view authority) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    Discovery discovery{document.root()["issuer"].text_or(""), document.root()["jwks_uri"].text_or("")};
    if (discovery.issuer.empty()) return fail(Errc::corrupt, "the discovery document names no issuer");
    auto const host = find_https_authority(discovery.key_set_url);
    if (!host || *host != authority)
        return fail(Errc::corrupt, "the discovery document leads to keys at \"" +
                                       escape_for_display(discovery.key_set_url) + "\", which is not at " +
                                       std::string(authority));
    return discovery;
}

Result<std::vector<SigningKey>> parse_key_set(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const keys = document.root()["keys"];
    if (!keys.is_array()) return fail(Errc::corrupt, "the key set has no keys");
    std::vector<SigningKey> result;
    auto const items = keys.items();
    if (items.size() > max_keys) return fail(Errc::corrupt, "the key set has more than a hundred keys");
    for (auto const item : items)
        if (auto key = parse_key(item)) result.push_back(*std::move(key));
    return result;
}

bool is_signed_by(SigningKey const& key, std::string_view signed_part, SecretString const& signature) {
    auto const rsa = to_key(key);
    if (!rsa) return false;
    DigestPtr const digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* context = nullptr;
    auto const bytes = signature.expose();
    return digest && EVP_DigestVerifyInit(digest.get(), &context, EVP_sha256(), nullptr, rsa.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
           EVP_DigestVerify(digest.get(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
                            reinterpret_cast<unsigned char const*>(signed_part.data()), signed_part.size()) == 1;
}

// A look under way, and those who wait for it.
struct SigningKeys::Flight {
    Latch landed;
};

SigningKeys::SigningKeys(http::Transport& transport, Clock& clock, Log& log, std::string authority,
                         std::string discovery_path)
    : transport_(transport),
      clock_(clock),
      log_(log),
      authority_(find_https_authority(authority).value_or("")),
      discovery_url_(std::move(authority) + std::move(discovery_path)) {}

SigningKeys::~SigningKeys() = default;

std::optional<PublishedKey> SigningKeys::find_kept(std::string_view key_id) const {
    if (!fetched_at_ || clock_.steady_now() >= *fetched_at_ + keys_hold) return std::nullopt;
    auto const found = std::ranges::find(keys_, key_id, &SigningKey::id);
    if (found == keys_.end()) return std::nullopt;
    return PublishedKey{*found, issuer_};
}

Failure SigningKeys::wait_for_next_look() const {
    auto const wait = std::max<Duration>(next_look_ - clock_.steady_now(), 1s);
    auto const why = trouble_.empty() ? "the token names a key that is not among those published" : trouble_;
    return fail(
        Error(Errc::unavailable, why + "; they are looked at again in " + format_span(wait)).with_retry_after(wait));
}

Async<PublishedKey> SigningKeys::find(std::string key_id, SteadyPoint deadline) {
    for (;;) {
        auto const kept = find_kept(key_id);
        auto const now = clock_.steady_now();
        bool const is_fresh = kept && now < *fetched_at_ + keys_are_fresh;
        if (is_fresh || (kept && (flight_ || now < next_look_))) co_return *kept;
        if (flight_) {
            auto const flight = flight_;
            co_await flight->landed.wait(clock_, deadline);
            if (!flight->landed.is_open()) co_return fail(Errc::unavailable, "time ran out waiting for signing keys");
            continue;
        }
        if (now < next_look_) co_return wait_for_next_look();
        auto const looked = co_await look(deadline);
        auto const found = find_kept(key_id);
        if (found) co_return *found;
        if (looked) co_return fail(Errc::permission_denied, "the token names a key that is not published");
        co_return wait_for_next_look();
    }
}

Async<void> SigningKeys::look(SteadyPoint deadline) {
    auto const flight = std::make_shared<Flight>();
    flight_ = flight;
    // Also when this coroutine is cancelled: then the next one looks in its place.
    struct Landing {
        SigningKeys& keys;
        Flight& flight;
        ~Landing() {
            flight.landed.open();
            keys.flight_ = nullptr;
        }
    };
    Landing const landing{*this, *flight};
    // Before the call: whoever asks and goes away does not make a call each time.
    next_look_ = clock_.steady_now() + (keys_.empty() ? pause_without_keys : pause_between_looks);
    auto const limit = std::min(deadline, clock_.steady_now() + look_limit);
    auto fetched = co_await fetch(limit);
    next_look_ = clock_.steady_now() + (keys_.empty() ? pause_without_keys : pause_between_looks);
    if (fetched) {
        trouble_.clear();
        co_return fetched;
    }
    trouble_ = std::move(fetched).error().during("fetching the tenant's signing keys").message();
    log_.warn("token_check.keys_unavailable", {{"url", discovery_url_}, {"error", trouble_}});
    co_return fail(Errc::unavailable, trouble_);
}

Async<SecretString> SigningKeys::fetch_document(std::string url, std::string_view what, SteadyPoint deadline) {
    http::Request request;
    request.url = std::move(url);
    request.headers = {{"Accept", "application/json"}};
    request.response_limit = 512U << 10U;
    auto answer = co_await transport_.send(std::move(request), deadline);
    if (!answer) co_return fail(to_error(std::move(answer).error(), what, Effect::none));
    if (answer->status != 200) co_return fail(to_error(*answer, what, Effect::none));
    co_return std::move(answer->body);
}

Async<void> SigningKeys::fetch(SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const document,
                  co_await fetch_document(discovery_url_, "reading the discovery document", deadline));
    KSSEDR_CO_TRY(auto discovery, parse_discovery(document.expose(), authority_));
    KSSEDR_CO_TRY(auto const key_set, co_await fetch_document(discovery.key_set_url, "reading the key set", deadline));
    KSSEDR_CO_TRY(auto keys, parse_key_set(key_set.expose()));
    if (keys.empty()) co_return fail(Errc::corrupt, "the key set holds no RSA key for signatures");
    issuer_ = std::move(discovery.issuer);
    keys_ = std::move(keys);
    fetched_at_ = clock_.steady_now();
    co_return Result<void>();
}

}  // namespace kssedr::azure
