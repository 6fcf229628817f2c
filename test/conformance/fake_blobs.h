/// FakeBlobs: a blob service in memory and virtual time, as far as leases go; FakeBlobLine: an http::Transport that
/// leads to it.
///
/// Each instance of a test has a line of its own, which may lose what goes over it, be slow, or be cut. A lease counts
/// from when the service grants it, half a line's time after it was asked for. What is not known here is answered 400
/// and fails the test.
///
/// Source: Microsoft Learn, "Lease Blob", the tables of what each action does in each state.

#pragma once

#include "async/clock.h"
#include "http/transport.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::test {

/// A request as it arrived.
struct BlobRequest {
    http::Method method;
    std::string url, authorization, secret_query, body;
    std::vector<http::Header> headers;
    SteadyPoint at;

    [[nodiscard]] std::string header(std::string_view name) const {
        for (auto const& [key, value] : headers)
            if (key == name) return value;
        return {};
    }
};

class FakeBlobs {
public:
    FakeBlobs(Clock& clock, std::string endpoint) : clock_(clock), endpoint_(std::move(endpoint)) {}

    struct Blob {
        std::string lease_id;  // whoever had it last and did not give it back
        SteadyPoint until{};
        bool is_broken = false;
    };

    std::set<std::string> containers;
    std::map<std::string, Blob> blobs;  // by container and name, with a slash between
    std::vector<BlobRequest> requests;
    /// An answer in place of the service's own: status and code.
    std::function<std::optional<std::pair<long, std::string>>(BlobRequest const&)> refuse;

    [[nodiscard]] bool is_leased(Blob const& blob) const {
        return !blob.lease_id.empty() && !blob.is_broken && clock_.steady_now() < blob.until;
    }

    http::Response answer(http::Request const& request) {
        BlobRequest arrived{request.method,
                            request.url,
                            std::string(request.authorization.expose()),
                            std::string(request.secret_query.expose()),
                            std::string(request.body.expose()),
                            request.headers,
                            clock_.steady_now()};
        requests.push_back(arrived);
        EXPECT_EQ(arrived.method, http::Method::put);
        EXPECT_TRUE(request.repeatable) << "on a connection of its own, each renewal would cost a handshake";
        if (refuse)
            if (auto const refusal = refuse(arrived)) return make(refusal->first, refusal->second);
        if (!arrived.url.starts_with(endpoint_ + '/')) return unknown(arrived);
        auto const path = arrived.url.substr(endpoint_.size() + 1);
        auto const question = std::min(path.find('?'), path.size());
        return carry_out(arrived, path.substr(0, question), path.substr(std::min(question + 1, path.size())));
    }

private:
    http::Response carry_out(BlobRequest const& request, std::string const& name, std::string const& query) {
        if (query == "restype=container")
            return containers.insert(name).second ? make(201) : make(409, "ContainerAlreadyExists");
        if (!containers.contains(name.substr(0, name.find('/')))) return make(404, "ContainerNotFound");
        if (query.empty() && request.header("If-None-Match") == "*")
            return blobs.emplace(name, Blob{}).second ? make(201) : make(409, "BlobAlreadyExists");
        if (query != "comp=lease") return unknown(request);
        auto const found = blobs.find(name);
        if (found == blobs.end()) return make(404, "BlobNotFound");
        auto const action = request.header("x-ms-lease-action");
        if (action == "acquire") return acquire(found->second, request);
        auto const id = request.header("x-ms-lease-id");
        if (found->second.lease_id.empty()) return make(409, "LeaseNotPresentWithLeaseOperation");
        if (found->second.lease_id != id) return make(409, "LeaseIdMismatchWithLeaseOperation");
        if (action == "release") {
            found->second = {};
            return make(200);
        }
        if (action != "renew") return unknown(request);
        if (found->second.is_broken) return make(409, "LeaseIsBrokenAndCannotBeRenewed");
        found->second.until = clock_.steady_now() + std::chrono::minutes{1};
        return make(200);
    }

    http::Response acquire(Blob& blob, BlobRequest const& request) {
        EXPECT_EQ(request.header("x-ms-lease-duration"), "60");
        auto const id = request.header("x-ms-proposed-lease-id");
        EXPECT_EQ(id.size(), 36U);
        if (is_leased(blob) && blob.lease_id != id) return make(409, "LeaseAlreadyPresent");
        blob = {id, clock_.steady_now() + std::chrono::minutes{1}, false};
        return make(201);
    }

    static http::Response unknown(BlobRequest const& request) {
        ADD_FAILURE() << "not known here: " << to_string(request.method) << ' ' << request.url;
        return make(400, "InvalidUri");
    }
    static http::Response make(long status, std::string code = {}) {
        http::Response response;
        response.status = status;
        if (!code.empty()) response.headers.emplace_back("x-ms-error-code", std::move(code));
        return response;
    }

    Clock& clock_;
    std::string endpoint_;
};

class FakeBlobLine final : public http::Transport {
public:
    FakeBlobLine(FakeBlobs& blobs, Clock& clock) : blobs_(blobs), clock_(clock) {}

    Duration takes{20};
    bool is_cut = false;
    /// Asked for each request: whether it is lost on its way, or its answer is.
    enum class Loss : std::uint8_t { none, request, answer };
    std::function<Loss()> lose;

    Async<http::Response> send(http::Request request, SteadyPoint deadline) override {
        if (is_cut) {
            auto const until = std::min(deadline, clock_.steady_now() + std::chrono::milliseconds{50});
            co_await clock_.sleep_until(until);
            co_return fail(Errc::unavailable, "the network is cut");
        }
        auto const loss = lose ? lose() : Loss::none;
        auto const arrives = clock_.steady_now() + takes / 2;
        // A request lands within its deadline or never.
        co_await clock_.sleep_until(std::min(arrives, deadline));
        if (loss == Loss::request || arrives > deadline) {
            co_await clock_.sleep_until(deadline);
            co_return fail(Errc::outcome_unknown, "no answer in time");
        }
        auto response = blobs_.answer(request);
        auto const back = clock_.steady_now() + takes / 2;
        co_await clock_.sleep_until(loss == Loss::answer ? deadline : std::min(back, deadline));
        if (loss == Loss::answer || back > deadline || is_cut)
            co_return fail(Errc::outcome_unknown, "no answer in time");
        co_return response;
    }

private:
    FakeBlobs& blobs_;
    Clock& clock_;
};

}  // namespace kssedr::test
