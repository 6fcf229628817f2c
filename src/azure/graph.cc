#include "azure/graph.h"

#include "azure/json_view.h"
#include "azure/url.h"
#include "base/ascii.h"

namespace kssedr::azure {
namespace {

Failure no_application(std::string_view why) {
    return fail(Errc::corrupt, "the answer is not the application that was asked for: " + std::string(why));
}

// A time that is missing is nothing; one that cannot be read spoils the entry.
Result<std::optional<TimePoint>> parse_time(JsonView view) {
    if (!view) return std::optional<TimePoint>{};
    auto const text = view.text();
    auto const at = text ? parse_rfc3339(*text) : std::nullopt;
    if (!at) return fail(Errc::corrupt, "a client secret in the answer has a date that is none");
    return at;
}

Result<rotation::ListedCredential> parse_password(JsonView entry) {
    rotation::ListedCredential password;
    password.id = entry["keyId"].text_or({});
    if (password.id.empty()) return fail(Errc::corrupt, "a client secret in the answer has no keyId");
    password.mark = entry["displayName"].text_or({});
    password.hint = entry["hint"].text_or({});
    KSSEDR_TRY(password.begins, parse_time(entry["startDateTime"]));
    KSSEDR_TRY(password.ends, parse_time(entry["endDateTime"]));
    return password;
}

}  // namespace

Result<GraphApplication> parse_application(std::string_view body, std::string_view object_id) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const root = document.root();
    if (!equals_ignore_case(root["id"].text_or({}), object_id)) return no_application("its id is another");
    GraphApplication application;
    application.app_id = root["appId"].text_or({});
    if (application.app_id.empty()) return no_application("it has no appId");
    auto const list = root["passwordCredentials"];
    if (!list.is_array()) return no_application("it does not show its client secrets");
    for (auto const& entry : list.items()) {
        KSSEDR_TRY(auto password, parse_password(entry));
        application.passwords.push_back(std::move(password));
    }
    return application;
}

Result<rotation::AddedCredential> parse_added_password(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const root = document.root();
    rotation::AddedCredential added;
    added.id = root["keyId"].text_or({});
    if (added.id.empty()) return fail(Errc::corrupt, "the answer has no keyId");
    auto value = root["secretText"].secret();
    if (!value || value->empty()) return fail(Errc::corrupt, "the answer does not show the new client secret");
    added.value = *std::move(value);
    return added;
}

SecretString format_add_password(std::string_view name, TimePoint ends) {
    SecretString body;
    body.append(R"({"passwordCredential":{"displayName":)");
    append_json_string(body, name);
    body.append(R"(,"endDateTime":)");
    append_json_string(body, format_rfc3339(std::chrono::floor<std::chrono::seconds>(ends)));
    body.append("}}");
    return body;
}

SecretString format_remove_password(std::string_view id) {
    SecretString body;
    body.append(R"({"keyId":)");
    append_json_string(body, id);
    body.append("}");
    return body;
}

bool says_password_is_gone(Error const& refusal) {
    // Graph's code for it is that of any bad request; only its sentence tells.
    bool const is_refusal = refusal.code() == Errc::invalid_argument || refusal.code() == Errc::not_found;
    return is_refusal && refusal.message().contains("No password credential found with keyId");
}

GraphClient::GraphClient(http::Transport& transport, TokenSource& tokens, Random& random, rotation::Cloud const& cloud)
    : client_(transport, tokens, random), url_(cloud.graph), audience_(cloud.graph_audience()) {
    while (url_.ends_with('/')) url_.pop_back();
}

Async<GraphApplication> GraphClient::fetch_application(std::string object_id, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto to, service());
    Call call{.operation = "listing the client secrets of application " + object_id,
              .url = url_of(object_id, "?$select=id,appId,passwordCredentials")};
    auto const operation = call.operation;
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(std::move(to), std::move(call), deadline));
    auto application = parse_application(answer.body.expose(), object_id);
    if (!application) co_return fail(std::move(application).error().during(operation));
    co_return application;
}

Async<rotation::AddedCredential> GraphClient::add_password(std::string object_id, std::string name, TimePoint ends,
                                                           SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto to, service());
    Call call{.operation = "adding a client secret to application " + object_id,
              .effect = Effect::happens,
              .method = http::Method::post,
              .url = url_of(object_id, "/addPassword"),
              .body = format_add_password(name, ends)};
    auto const operation = call.operation;
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(std::move(to), std::move(call), deadline));
    auto added = parse_added_password(answer.body.expose());
    if (!added) co_return fail(to_error(std::move(added).error(), operation, Effect::happens));
    co_return added;
}

Async<void> GraphClient::remove_password(std::string object_id, std::string id, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto to, service());
    // It changes something, and repeating it does no more: that is what Effect::none says.
    Call call{.operation = "removing client secret " + escape_for_display(id, 64) + " of application " + object_id,
              .method = http::Method::post,
              .url = url_of(object_id, "/removePassword"),
              .body = format_remove_password(id)};
    auto const answer = co_await client_.send(std::move(to), std::move(call), deadline);
    if (!answer && !says_password_is_gone(answer.error())) co_return fail(answer.error());
    co_return Result<void>();
}

Result<Service> GraphClient::service() const {
    auto authority = find_https_authority(url_);
    if (!authority)
        return fail(Errc::invalid_argument,
                    "Microsoft Graph's URL \"" + escape_for_display(url_) + "\" is no https URL");
    return Service{*std::move(authority), audience_};
}

std::string GraphClient::url_of(std::string_view object_id, std::string_view behind) const {
    return url_ + "/v1.0/applications/" + std::string(object_id) + std::string(behind);
}

}  // namespace kssedr::azure
