#include "core/stats/distributions.h"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "core/stats/interval.h"

namespace hopscope::core::stats {
namespace {

namespace bm = boost::math;
// A wrong argument answers NaN in place of an exception.
using Quiet = bm::policies::policy<bm::policies::domain_error<bm::policies::ignore_error>,
                                   bm::policies::pole_error<bm::policies::ignore_error>,
                                   bm::policies::overflow_error<bm::policies::ignore_error>,
                                   bm::policies::evaluation_error<bm::policies::ignore_error>,
                                   bm::policies::promote_double<false>>;

bool positive(double x) {
    return x > 0 && std::isfinite(x);
}
bool is_probability(double p) {
    return p >= 0 && p <= 1;
}

}  // namespace

double normal_cdf(double z) {
    return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

double normal_quantile(double p) {
    if (!is_probability(p)) return kNaN;
    return bm::quantile(bm::normal_distribution<double, Quiet>(), p);
}

double t_cdf(double t, double df) {
    if (!positive(df) || std::isnan(t)) return kNaN;
    if (std::isinf(t)) return t > 0 ? 1 : 0;
    return bm::cdf(bm::students_t_distribution<double, Quiet>(df), t);
}

double t_quantile(double p, double df) {
    if (!positive(df) || !is_probability(p)) return kNaN;
    return bm::quantile(bm::students_t_distribution<double, Quiet>(df), p);
}

double chi_square_pdf(double x, double df) {
    if (!positive(df) || !(x >= 0)) return kNaN;
    return std::isinf(x) ? 0 : bm::pdf(bm::chi_squared_distribution<double, Quiet>(df), x);
}

double beta_quantile(double p, double a, double b) {
    if (!positive(a) || !positive(b) || !is_probability(p)) return kNaN;
    return bm::quantile(bm::beta_distribution<double, Quiet>(a, b), p);
}

double binomial_cdf(int64_t k, int64_t n, double p) {
    if (n < 0 || !is_probability(p)) return kNaN;
    if (k < 0) return 0;
    if (k >= n) return 1;
    return bm::cdf(bm::binomial_distribution<double, Quiet>(static_cast<double>(n), p),
                   static_cast<double>(k));
}

}  // namespace hopscope::core::stats
