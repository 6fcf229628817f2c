#include "azure/blob_checkpoints.h"

#include "azure/storage_error.h"
#include "azure/xml.h"
#include "base/ascii.h"
#include "base/encoding.h"

#include <algorithm>
#include <charconv>

namespace kssedr::azure {
namespace {

constexpr Duration call_limit = std::chrono::seconds{10};
constexpr std::string_view blobs_of_page = "500";
constexpr std::size_t page_limit = std::size_t{1} << 20U;
// A thousand partitions are more than any hub has; whoever put more there did not mean us.
constexpr std::size_t blobs_max = 5000;

std::string prefix_of(ports::EventStream const& stream, std::string_view kind) {
    return to_ascii_lower(stream.host + '/' + stream.hub + '/' + stream.group + '/' + std::string(kind) + '/');
}

// A path's segments: what names of namespaces, hubs and groups have needs no escape but `$`.
std::string escape_path(std::string_view path) {
    std::string escaped;
    for (char const c : path) {
        bool const is_plain = is_ascii_letter(c) || is_ascii_digit(c) || std::string_view("-._/~").contains(c);
        if (is_plain)
            escaped += c;
        else
            escaped += format_percent(std::string_view(&c, 1));
    }
    return escaped;
}

}  // namespace

struct BlobCheckpoints::Found {
    std::string partition;
    std::string tag;
    TimePoint changed{};
    XmlElement metadata;

    // Names of metadata are told in whatever case they were written.
    [[nodiscard]] std::string_view value(std::string_view name) const {
        auto const place = std::ranges::find_if(
            metadata.children, [&](XmlElement const& element) { return equals_ignore_case(element.name, name); });
        return place == metadata.children.end() ? std::string_view() : trim(place->text);
    }
};

Error BlobCheckpoints::to_error(http::Response const& answer, std::string_view doing) const {
    return to_storage_error(answer, doing, blobs_.access(), "KSSEDR_CHECKPOINTS");
}

Async<std::vector<BlobCheckpoints::Found>> BlobCheckpoints::list(std::string prefix, SteadyPoint deadline) {
    auto const doing = "listing the checkpoints in " + blobs_.access().endpoint + '/' + container_;
    std::vector<Found> found;
    std::string marker;
    do {
        StorageCall call{.path = '/' + container_,
                         .query = "restype=container&comp=list&include=metadata&maxresults=" +
                                  std::string(blobs_of_page) + "&prefix=" + format_percent(prefix),
                         .response_limit = page_limit};
        if (!marker.empty()) call.query += "&marker=" + format_percent(marker);
        auto const answer = co_await blobs_.send(std::move(call), std::min(deadline, clock_.steady_now() + call_limit));
        if (!answer) co_return fail(Error(answer.error()).during(doing));
        if (answer->status == 404 && answer->header("x-ms-error-code") == "ContainerNotFound") co_return found;
        if (answer->status != 200) co_return fail(to_error(*answer, doing));
        auto document = parse_xml(answer->body.expose());
        if (!document) co_return fail(Error(document.error()).during(doing));
        marker = document->text_of("NextMarker");
        auto const* const blobs = document->find("Blobs");
        if (blobs == nullptr) co_return fail(Errc::corrupt, doing + ": the answer lists no blobs");
        for (auto const& blob : blobs->children) {
            auto const name = blob.text_of("Name");
            auto const* const properties = blob.find("Properties");
            auto const* const metadata = blob.find("Metadata");
            if (!name.starts_with(prefix) || properties == nullptr || metadata == nullptr) continue;
            auto const changed = parse_http_date(properties->text_of("Last-Modified"));
            if (!changed) continue;
            found.push_back({std::string(name.substr(prefix.size())), std::string(properties->text_of("Etag")),
                             *changed, *metadata});
        }
        if (found.size() > blobs_max) co_return fail(Errc::corrupt, doing + ": there are more than partitions can be");
    } while (!marker.empty());
    co_return found;
}

Async<std::vector<ports::Ownership>> BlobCheckpoints::list_ownerships(ports::EventStream stream, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const found, co_await list(prefix_of(stream, "ownership"), deadline));
    std::vector<ports::Ownership> ownerships;
    for (auto const& blob : found)
        ownerships.push_back({blob.partition, std::string(blob.value("ownerid")), blob.tag, blob.changed});
    co_return ownerships;
}

Async<std::vector<ports::Checkpoint>> BlobCheckpoints::list_checkpoints(ports::EventStream stream,
                                                                        SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const found, co_await list(prefix_of(stream, "checkpoint"), deadline));
    std::vector<ports::Checkpoint> checkpoints;
    for (auto const& blob : found) {
        ports::Checkpoint checkpoint{blob.partition, std::string(blob.value("offset")), std::nullopt};
        // Written in its place by some versions of the client for .NET.
        if (checkpoint.offset == "no offset") checkpoint.offset.clear();
        auto const text = blob.value("sequencenumber");
        std::int64_t sequence = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
        if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) checkpoint.sequence = sequence;
        checkpoints.push_back(std::move(checkpoint));
    }
    co_return checkpoints;
}

// Metadata of a blob that is there (`comp=metadata`), or with a new one.
Async<http::Response> BlobCheckpoints::write(std::string blob, std::vector<http::Header> metadata,
                                             std::string_view query, SteadyPoint deadline) {
    StorageCall call{.method = http::Method::put,
                     .path = '/' + container_ + '/' + escape_path(blob),
                     .query = std::string(query),
                     .headers = std::move(metadata)};
    if (query.empty()) call.headers.emplace_back("x-ms-blob-type", "BlockBlob");
    co_return co_await blobs_.send(std::move(call), std::min(deadline, clock_.steady_now() + call_limit));
}

Async<std::optional<ports::Ownership>> BlobCheckpoints::claim(ports::EventStream stream, ports::Ownership claim,
                                                              SteadyPoint deadline) {
    auto const doing = "claiming partition " + claim.partition + " in " + blobs_.access().endpoint + '/' + container_;
    auto const blob = prefix_of(stream, "ownership") + claim.partition;
    bool const is_new = claim.tag.empty();
    std::vector<http::Header> headers{{"x-ms-meta-ownerid", claim.owner}};
    headers.emplace_back(is_new ? "If-None-Match" : "If-Match", is_new ? "*" : claim.tag);
    for (bool is_again = false;; is_again = true) {
        auto const answer = co_await write(blob, headers, is_new ? "" : "comp=metadata", deadline);
        if (!answer) co_return fail(Error(answer.error()).during(doing));
        auto const code = answer->header("x-ms-error-code");
        if (answer->status == 404 && code == "ContainerNotFound" && is_new && !is_again) {
            KSSEDR_CO_TRY_VOID(co_await make_container(deadline));
            continue;
        }
        if (answer->status == 409 || answer->status == 412 || (answer->status == 404 && !is_new))
            co_return std::nullopt;
        if (answer->status != 200 && answer->status != 201) co_return fail(to_error(*answer, doing));
        claim.tag = answer->header("etag");
        claim.changed = parse_http_date(answer->header("last-modified")).value_or(clock_.now());
        co_return claim;
    }
}

Async<void> BlobCheckpoints::update(ports::EventStream stream, ports::Checkpoint checkpoint, SteadyPoint deadline) {
    auto const doing = "writing the checkpoint of partition " + checkpoint.partition + " in " +
                       blobs_.access().endpoint + '/' + container_;
    auto const blob = prefix_of(stream, "checkpoint") + checkpoint.partition;
    // Other processors want both.
    std::vector<http::Header> const headers{
        {"x-ms-meta-offset", checkpoint.offset},
        {"x-ms-meta-sequencenumber", checkpoint.sequence ? std::to_string(*checkpoint.sequence) : std::string()}};
    std::string_view query = "comp=metadata";
    constexpr int steps_max = 3;  // the blob is missing, then the container, then not
    for (int step = 0; step < steps_max; ++step) {
        auto const answer = co_await write(blob, headers, query, deadline);
        if (!answer) co_return fail(Error(answer.error()).during(doing));
        if (answer->status == 200 || answer->status == 201) co_return Result<void>();
        auto const code = answer->header("x-ms-error-code");
        if (answer->status != 404) co_return fail(to_error(*answer, doing));
        if (code == "ContainerNotFound") {
            KSSEDR_CO_TRY_VOID(co_await make_container(deadline));
        }
        query = {};
    }
    co_return fail(Errc::unavailable, doing + ": the blob could not be made");
}

Async<void> BlobCheckpoints::make_container(SteadyPoint deadline) {
    auto const doing = "making the container " + blobs_.access().endpoint + '/' + container_;
    StorageCall call{.method = http::Method::put, .path = '/' + container_, .query = "restype=container"};
    auto const answer = co_await blobs_.send(std::move(call), std::min(deadline, clock_.steady_now() + call_limit));
    if (!answer) co_return fail(Error(answer.error()).during(doing));
    if (answer->status == 201 || answer->header("x-ms-error-code") == "ContainerAlreadyExists")
        co_return Result<void>();
    co_return fail(to_error(*answer, doing));
}

}  // namespace kssedr::azure
