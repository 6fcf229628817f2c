/// Exposition: the text in which Prometheus reads metrics, and the tables that are counted in.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4. Why not by a library: docs/decisions/metrics-text.md.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::server {

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

/// A label's name and value.
using Label = std::pair<std::string_view, std::string_view>;

class Exposition {
public:
    /// Begins a metric; its samples follow.
    void begin(std::string_view name, MetricKind kind, std::string_view help);
    void sample(std::initializer_list<Label> labels, double value) { put({}, {labels.begin(), labels.size()}, value); }
    void sample(std::span<Label const> labels, double value) { put({}, labels, value); }
    /// One that has no labels, whole.
    void single(std::string_view name, MetricKind kind, std::string_view help, double value) {
        begin(name, kind, help);
        sample({}, value);
    }
    /// `name_bucket` and the like.
    void put(std::string_view suffix, std::span<Label const> labels, double value);

    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    std::string text_;
    std::string name_;
};

/// A counter for each combination of values of up to three labels. More than a thousand combinations would be a label
/// of no closed set: further ones are counted together, as `other`.
class Counters {
public:
    Counters(std::string_view name, std::string_view help, std::initializer_list<std::string_view> labels)
        : name_(name), help_(help), labels_(labels) {}

    void count(std::initializer_list<std::string_view> values);
    void write(Exposition& out) const;

private:
    std::string_view name_;
    std::string_view help_;
    std::vector<std::string_view> labels_;
    std::map<std::vector<std::string>, std::uint64_t> counts_;
};

/// A histogram of seconds for each value of one label.
class Histograms {
public:
    /// `bounds` rise, and outlive this.
    Histograms(std::string_view name, std::string_view help, std::string_view label, std::span<double const> bounds)
        : name_(name), help_(help), label_(label), bounds_(bounds) {}

    void observe(std::string_view value, double seconds);
    void write(Exposition& out) const;

private:
    struct Series {
        std::vector<std::uint64_t> buckets;  // not cumulated; the last: beyond all bounds
        double sum = 0;
    };

    std::string_view name_;
    std::string_view help_;
    std::string_view label_;
    std::span<double const> bounds_;
    std::map<std::string, Series, std::less<>> series_;
};

}  // namespace kssedr::server
