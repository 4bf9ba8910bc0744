#include "core/bench/rounds.h"

#include <algorithm>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cmath>
#include <limits>

#include "core/base/json.h"
#include "core/base/stopwatch.h"
#include "core/stats/descriptive.h"
#include "kernels/peak_memory.h"

namespace hopscope::core {
namespace {

/// A GPU's work is only begun by a call; the time is that of its end.
void wait_for(const at::Device& device) {
    if (!device.is_cpu())
        c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

double timed_ms(const std::function<void()>& call, const at::Device& device) {
    const Stopwatch watch;
    call();
    wait_for(device);
    return watch.ms();
}

void prepare(const BenchForm& form, const at::Device& device) {
    if (form.prepare) form.prepare();
    wait_for(device);
}

/// Bytes above what was held before; nothing where the device does not tell.
std::optional<int64_t> additional_memory(const at::Device& device,
                                         const std::function<void()>& call) {
    if (device.is_cpu()) {
        const kernels::PeakMemory memory;
        call();
        return memory.peak();
    }
    if (!device.is_cuda()) return std::nullopt;
    auto* allocator = at::getDeviceAllocator(device.type());
    allocator->resetPeakStats(device.index());
    const auto held = [&] { return allocator->getDeviceStats(device.index()).allocated_bytes[0]; };
    const int64_t before = held().current;
    call();
    wait_for(device);
    return held().peak - before;
}

Error stopped() {
    return stopped_on_request("the measurement was");
}

struct Peaks {
    std::optional<int64_t> run, backward, both;
};

Peaks peaks_of(const BenchForm& form, const at::Device& device) {
    Peaks out;
    prepare(form, device);
    if (!form.backward) {
        out.run = additional_memory(device, form.run);
        return out;
    }
    out.run = additional_memory(device, form.run);
    out.backward = additional_memory(device, form.backward);
    prepare(form, device);
    out.both = additional_memory(device, [&] {
        form.run();
        form.backward();
    });
    return out;
}

struct Times {
    std::vector<double> run, backward;
};

/// Rows of a form: one direction, or three where there is a backward pass.
void add_rows(const BenchWork& work, const BenchForm& form, const Times& times, const Peaks& peaks,
              std::vector<BenchRow>& out) {
    BenchRow row{work.name, form.form, work.direction, work.data, work.reference};
    row.shape = form.shape;
    row.tokens = work.tokens;
    const auto add = [&](Direction direction, std::vector<double> ms, std::optional<int64_t> peak) {
        row.direction = direction;
        row.ms = std::move(ms);
        row.peak_bytes = peak;
        out.push_back(row);
    };
    add(work.direction, times.run, peaks.run);
    if (!form.backward) return;
    add(Direction::backward, times.backward, peaks.backward);
    auto both = times.run;
    for (size_t i = 0; i < both.size(); ++i) both[i] += times.backward[i];
    add(Direction::both, std::move(both), peaks.both);
}

/// Distribution-free 95 % interval of a median: the number of rounds below it is binomial, here by
/// its normal approximation.
void fill_interval(std::vector<double> sorted, BenchRow& row) {
    constexpr size_t kFewest = 6;  // below, even the extremes cover less than 95 %
    if (sorted.size() < kFewest) return;
    std::sort(sorted.begin(), sorted.end());
    const auto n = static_cast<double>(sorted.size());
    const double half = 1.96 * std::sqrt(n) / 2;
    row.ratio_low = sorted[static_cast<size_t>(std::max(0.0, std::floor(n / 2 - half)))];
    row.ratio_high = sorted[static_cast<size_t>(std::min(n - 1, std::ceil(n / 2 + half)))];
}

void fill_ratios(std::vector<BenchRow>& rows) {
    for (auto& row : rows) {
        row.ratio = row.ratio_low = row.ratio_high = std::numeric_limits<double>::quiet_NaN();
        for (const auto& base : rows) {
            if (base.form != row.reference || base.direction != row.direction) continue;
            std::vector<double> each;
            for (size_t i = 0; i < row.ms.size(); ++i) each.push_back(row.ms[i] / base.ms[i]);
            row.ratio = stats::median(each);
            fill_interval(std::move(each), row);
        }
    }
}

/// Calls that are not timed; the last ones count the memory. Errors: interrupted.
Result<Peaks> warm_up(const BenchWork& work, const BenchForm& form, const at::Device& device,
                      const Progress& progress, double fraction) {
    for (int64_t call = 0; call + 1 < kBenchWarmUp; ++call) {
        if (progress.cancelled()) return stopped();
        progress.report(word(work.name) + ": warming up " + word(form.form), fraction);
        prepare(form, device);
        form.run();
        if (form.backward) form.backward();
    }
    if (progress.cancelled()) return stopped();
    return peaks_of(form, device);
}

void time_once(const BenchForm& form, const at::Device& device, Times& times) {
    prepare(form, device);
    times.run.push_back(timed_ms(form.run, device));
    if (form.backward) times.backward.push_back(timed_ms(form.backward, device));
}

}  // namespace

Result<std::vector<BenchRow>> time_in_rounds(const BenchWork& work, int64_t rounds,
                                             const at::Device& device, const Progress& progress) {
    const size_t n = work.forms.size();
    std::vector<Times> times(n);
    std::vector<Peaks> peaks(n);
    const auto all = static_cast<double>(rounds + 1);
    for (size_t i = 0; i < n; ++i) {
        auto peak = warm_up(work, work.forms[i], device, progress,
                            static_cast<double>(i) / static_cast<double>(n) / all);
        if (!peak) return peak.error();
        peaks[i] = *peak;
    }
    wait_for(device);
    for (int64_t round = 0; round < rounds; ++round) {
        progress.report(word(work.name) + ": timing", static_cast<double>(round + 1) / all);
        for (size_t i = 0; i < n; ++i) {
            if (progress.cancelled()) return stopped();
            const size_t at = round % 2 == 0 ? i : n - 1 - i;
            time_once(work.forms[at], device, times[at]);
        }
    }
    std::vector<BenchRow> rows;
    for (size_t i = 0; i < n; ++i) add_rows(work, work.forms[i], times[i], peaks[i], rows);
    fill_ratios(rows);
    return rows;
}

Result<std::vector<BenchRow>> time_in_turns(const BenchWork& work, const Turns& turns,
                                            const at::Device& device, const Progress& progress) {
    const auto& form = work.forms.front();
    auto peaks = warm_up(work, form, device, progress, 0);
    if (!peaks) return peaks.error();
    Times times;
    time_once(form, device, times);
    const auto rows = [&] {
        std::vector<BenchRow> out;
        add_rows(work, form, times, *peaks, out);
        fill_ratios(out);
        return out;
    };
    turns.answer(to_json(rows().back()));
    for (int64_t calls = turns.next(); calls > 0; calls = turns.next()) {
        nlohmann::ordered_json ms = nlohmann::ordered_json::array();
        for (int64_t call = 0; call < calls; ++call) {
            if (progress.cancelled()) return stopped();
            time_once(form, device, times);
            ms.push_back(times.run.back() + (form.backward ? times.backward.back() : 0));
        }
        turns.answer(ms);
    }
    return rows();
}

nlohmann::ordered_json to_json(const BenchRow& row) {
    std::vector<double> sorted = row.ms;
    std::sort(sorted.begin(), sorted.end());
    const double median = stats::quantile_of_sorted(sorted, 0.5);
    nlohmann::ordered_json j = {{"name", word(row.name)},
                                {"shape", row.shape},
                                {"form", word(row.form)},
                                {"direction", word(row.direction)},
                                {"median_ms", median},
                                {"p10_ms", stats::quantile_of_sorted(sorted, 0.1)},
                                {"p90_ms", stats::quantile_of_sorted(sorted, 0.9)}};
    j["tokens_per_s"] = json_number(row.tokens > 0 ? row.tokens / (median / 1e3) : std::nan(""));
    j["peak_bytes"] = row.peak_bytes ? nlohmann::json(*row.peak_bytes) : nlohmann::json(nullptr);
    j["reference"] = row.reference ? nlohmann::json(word(*row.reference)) : nlohmann::json(nullptr);
    j["ratio"] = json_number(row.ratio);
    j["ratio_ci95"] = {json_number(row.ratio_low), json_number(row.ratio_high)};
    j["data"] = row.data;
    return j;
}

}  // namespace hopscope::core
