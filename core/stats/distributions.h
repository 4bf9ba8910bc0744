// The distributions that the tests of core/stats need, over Boost.Math, which stays out of our
// headers (it is slow to compile). Pure functions, any thread; arguments outside a distribution's
// range give NaN.
#pragma once

#include <cstdint>

namespace hopscope::core::stats {

double normal_cdf(double z);
double normal_quantile(double p);
double t_cdf(double t, double df);
double t_quantile(double p, double df);
double chi_square_pdf(double x, double df);
double beta_quantile(double p, double a, double b);
double binomial_cdf(int64_t k, int64_t n, double p);  ///< P(X ≤ k)

}  // namespace hopscope::core::stats
