// If these fail, softmax and losses are made with another e^x than they say, a sum leaves out the
// end of a row, or one core does all the work.
#include "kernels/cpu/loops.h"

#include <ATen/Parallel.h>
#include <atomic>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace {

using namespace hopscope::kernels::cpu;

TEST(Loops, ExpBelowZeroIsTheExponential) {
    for (double x = -87; x <= 0; x += 0.00137) {
        const auto f = static_cast<float>(x);
        const double exact = std::exp(static_cast<double>(f));
        EXPECT_LE(std::fabs(exp_below_zero(f) - exact), 2e-7 * exact) << f;
    }
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(exp_below_zero(0.0f), 1.0f);
    EXPECT_EQ(exp_below_zero(-88.0f), 0.0f);
    EXPECT_EQ(exp_below_zero(-kInfinity), 0.0f);
    EXPECT_TRUE(std::isnan(exp_below_zero(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Loops, RowsOfEveryLengthCountWhole) {
    for (const int64_t n : {0, 1, 31, 32, 33, 71, 129}) {
        std::vector<double> x(static_cast<size_t>(n));
        double sum = 0;
        for (int64_t i = 0; i < n; ++i)
            sum += x[static_cast<size_t>(i)] = static_cast<double>(i * i % 17) - 5;
        EXPECT_EQ(sum_loop<double>(n, [&](int64_t i) { return x[static_cast<size_t>(i)]; }), sum)
            << n;
        for (int64_t at = 0; at < n; ++at) {
            auto y = x;
            y[static_cast<size_t>(at)] = 100;
            EXPECT_EQ(max_loop(y.data(), n), 100) << n << " " << at;
        }
    }
    EXPECT_EQ(max_loop<float>(nullptr, 0), -std::numeric_limits<float>::infinity());
}

TEST(Parallel, LoopsUseAllThreads) {
    // Without OpenMP in our own files at::parallel_for is silently serial.
    const int before = at::get_num_threads();
    at::set_num_threads(2);
    std::atomic<bool> seen[2] = {false, false};
    at::parallel_for(0, 64, 1,
                     [&](int64_t, int64_t) { seen[at::get_thread_num() == 0 ? 0 : 1] = true; });
    at::set_num_threads(before);
    EXPECT_TRUE(seen[0] && seen[1]);
}

}  // namespace
