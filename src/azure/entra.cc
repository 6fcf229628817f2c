#include "azure/entra.h"

#include "azure/error_answer.h"
#include "azure/json_view.h"
#include "azure/secret_file.h"
#include "azure/url.h"
#include "base/ascii.h"

#include <algorithm>
#include <array>

namespace kssedr::azure {
namespace {

struct Explained {
    std::int64_t code;
    Errc errc;
    std::string_view cure;
};

// Entra's codes for what is set wrongly on our side. A wrong secret or an unknown application may still be spreading
// through Entra's own replicas, so those are denials, which are tried again slowly.
constexpr std::array<Explained, 11> explained{{
    {7000215, Errc::permission_denied,
     "clientSecret is not a secret of the application (the secret's value, not its id, is needed)"},
    {7000222, Errc::permission_denied, "clientSecret has expired; make a new one for the application and set it"},
    {7000112, Errc::permission_denied, "the application is disabled in this tenant"},
    {700016, Errc::permission_denied, "clientId names no application of this tenant; check clientId and tenantId"},
    {700027, Errc::permission_denied, "the certificate is not registered for the application"},
    {700213, Errc::permission_denied,
     "no federated credential of the application matches the platform's token; check its subject and issuer"},
    {70021, Errc::permission_denied,
     "no federated credential of the application matches the platform's token; check its subject and issuer"},
    {90002, Errc::invalid_argument, "tenantId names no tenant of this cloud; check tenantId and KSSEDR_CLOUD"},
    {900023, Errc::invalid_argument, "tenantId is neither a tenant's id nor one of its domain names"},
    {500011, Errc::invalid_argument, "the service is not known in this tenant; check KSSEDR_CLOUD"},
    {53003, Errc::permission_denied, "a Conditional Access policy blocks the application"},
}};

Explained const* find_explained(std::int64_t code) {
    auto const found = std::ranges::find(explained, code, &Explained::code);
    return found == explained.end() ? nullptr : &*found;
}

// format_percent would leave the secret in an ordinary string.
void append_percent(SecretString& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    for (char const& c : text) {
        auto const byte = static_cast<unsigned char>(c);
        char const escape[] = {'%', hex[byte >> 4U], hex[byte & 0xfU]};
        bool const plain = is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
        out.append(plain ? std::string_view(&c, 1) : std::string_view(escape, sizeof escape));
    }
}

bool is_tenant(std::string_view text) {
    return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.';
    });
}

std::string token_endpoint(EntraApplication const& application) {
    std::string authority = application.authority;
    while (authority.ends_with('/')) authority.pop_back();
    return authority + '/' + application.tenant + "/oauth2/v2.0/token";
}

Async<IssuedToken> request_token(http::Transport& transport, EntraApplication application, SecretString form,
                                 SteadyPoint deadline) {
    if (!find_https_authority(application.authority))
        co_return fail(Errc::invalid_argument,
                       "the authority \"" + escape_for_display(application.authority) + "\" is no https URL");
    if (!is_tenant(application.tenant))
        co_return fail(Errc::invalid_argument, "tenantId \"" + escape_for_display(application.tenant) +
                                                   "\" is neither an id nor a domain name");
    http::Request request{.method = http::Method::post, .url = token_endpoint(application)};
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = std::move(form);
    request.repeatable = true;  // a token more changes nothing
    request.response_limit = 64U << 10U;
    auto answer = co_await transport.send(std::move(request), deadline);
    if (!answer) co_return fail(to_error(std::move(answer).error(), "asking Entra", Effect::none));
    if (answer->status != 200) co_return fail(to_token_error(*answer, application));
    co_return parse_token_answer(answer->body.expose());
}

}  // namespace

SecretString format_token_request(EntraApplication const& application, std::string_view audience,
                                  std::string_view proof_name, SecretString const& proof) {
    SecretString form;
    // An encoded byte takes three; nothing is outgrown while the secret is in it.
    form.reserve(3 * (proof.size() + audience.size() + application.client_id.size()) + 256);
    form.append("grant_type=client_credentials&client_id=");
    append_percent(form, application.client_id);
    form.append("&scope=");
    append_percent(form, audience);
    append_percent(form, "/.default");
    if (proof_name == "client_assertion")
        form.append("&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer");
    form.append("&");
    form.append(proof_name);
    form.append("=");
    append_percent(form, proof.expose());
    return form;
}

Result<IssuedToken> parse_token_answer(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const root = document.root();
    auto token = root["access_token"].secret();
    auto const seconds = root["expires_in"].integer_or_text();
    if (!token || token->empty()) return fail(Errc::corrupt, "the answer holds no access_token");
    if (!seconds || *seconds <= 0) return fail(Errc::corrupt, "the answer does not say how long its token lives");
    constexpr std::int64_t longest = 30L * 24 * 3600;
    return IssuedToken{*std::move(token), std::chrono::seconds(std::min(*seconds, longest))};
}

Error to_token_error(http::Response const& answer, EntraApplication const& application) {
    auto const document = JsonDocument::parse(answer.body.expose());
    auto const root = document ? document->root() : JsonView();
    auto const codes = root["error_codes"].items();
    auto const number = codes.empty() ? std::nullopt : codes.front().integer_or_text();
    auto word = root["error"].text_or({});
    if (!std::ranges::all_of(word, [](char c) { return is_ascii_letter(c) || c == '_'; })) word = {};
    auto const* const known = number ? find_explained(*number) : nullptr;

    Errc code = Errc::permission_denied;
    if (answer.status == 429)
        code = Errc::throttled;
    else if (is_redirect(answer.status))
        code = Errc::invalid_argument;
    else if (answer.status >= 500 || answer.status < 400 || answer.status == 408)
        code = Errc::unavailable;
    else if (word == "temporarily_unavailable" || word == "server_error")
        code = Errc::unavailable;
    else if (known != nullptr)
        code = known->errc;

    // Entra's description names ids only; it ends in lines that repeat the ids given below. It begins with Entra's own
    // number: what another says, who stands between, might repeat the secret that was sent.
    auto description = root["error_description"].text_or({});
    if (!description.starts_with("AADSTS")) description = {};
    std::string message = "Entra answered " + std::to_string(answer.status) + " for application " +
                          escape_for_display(application.client_id) + " of tenant " +
                          escape_for_display(application.tenant);
    if (!description.empty())
        message +=
            ", \"" + escape_for_display(trim(description.substr(0, description.find_first_of("\r\n"))), 300) + '"';
    else if (!word.empty())
        message += ", " + escape_for_display(word, 64);
    if (known != nullptr) message += "; " + std::string(known->cure);
    message += explain_redirect(answer);
    if (auto const trace = root["trace_id"].text()) message += " (trace " + escape_for_display(*trace, 64) + ')';
    return Error(code, std::move(message))
        .with_service_code(number ? "AADSTS" + std::to_string(*number) : escape_for_display(word, 64))
        .with_retry_after(parse_retry_after(answer));
}

ClientSecretIssuer::ClientSecretIssuer(http::Transport& transport, EntraApplication application,
                                       SecretString client_secret)
    : transport_(transport), application_(std::move(application)), client_secret_(std::move(client_secret)) {}

Async<IssuedToken> ClientSecretIssuer::fetch_token(std::string audience, SteadyPoint deadline) {
    auto form = format_token_request(application_, audience, "client_secret", client_secret_);
    co_return co_await request_token(transport_, application_, std::move(form), deadline);
}

Result<SecretString> read_federated_token(std::string const& path) {
    constexpr std::string_view cure = "; name the file that the platform mounts, or unset the setting";
    std::string const name = "the platform's token \"" + escape_for_display(path) + "\" (AZURE_FEDERATED_TOKEN_FILE)";
    auto const content = read_secret_file(path, name);
    if (!content) return fail(content.error().code(), content.error().message() + std::string(cure));
    auto const token = trim(content->expose());
    if (token.empty()) return fail(Errc::unavailable, name + " is empty" + std::string(cure));
    return SecretString::copy_of(token);
}

WorkloadIdentityIssuer::WorkloadIdentityIssuer(http::Transport& transport, EntraApplication application,
                                               std::string token_file)
    : transport_(transport), application_(std::move(application)), token_file_(std::move(token_file)) {}

Async<IssuedToken> WorkloadIdentityIssuer::fetch_token(std::string audience, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const assertion, read_federated_token(token_file_));
    auto form = format_token_request(application_, audience, "client_assertion", assertion);
    co_return co_await request_token(transport_, application_, std::move(form), deadline);
}

ClientCertificateIssuer::ClientCertificateIssuer(http::Transport& transport, Clock& clock, Random& random,
                                                 EntraApplication application, std::string file, SecretString password)
    : transport_(transport),
      clock_(clock),
      random_(random),
      application_(std::move(application)),
      file_(std::move(file)),
      password_(std::move(password)) {}

Async<IssuedToken> ClientCertificateIssuer::fetch_token(std::string audience, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const certificate, read_client_certificate(file_, password_));
    AssertionClaims const claims{token_endpoint(application_), application_.client_id, random_.uuid(), clock_.now()};
    KSSEDR_CO_TRY(auto const assertion, certificate.sign(claims));
    auto form = format_token_request(application_, audience, "client_assertion", assertion);
    co_return co_await request_token(transport_, application_, std::move(form), deadline);
}

}  // namespace kssedr::azure
