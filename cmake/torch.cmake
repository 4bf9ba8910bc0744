# hopscope_torch: LibTorch. For CPU only its libraries are linked directly, since TorchConfig.cmake of the CUDA wheel
# refuses to configure without a CUDA toolkit.
if(HOPSCOPE_TORCH_DIR)
    set(torch_dir "${HOPSCOPE_TORCH_DIR}")
else()
    set(torch_dir "${HOPSCOPE_DEPS}/python/torch")
endif()
if(NOT EXISTS "${torch_dir}/lib/libtorch_cpu.so")
    message(FATAL_ERROR "LibTorch not found in ${torch_dir}. Run scripts/setup, or pass -DHOPSCOPE_TORCH_DIR=DIR.")
endif()
find_package(OpenMP REQUIRED COMPONENTS CXX)

add_library(hopscope_torch INTERFACE)
target_include_directories(hopscope_torch SYSTEM INTERFACE
    "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include")
# OpenMP: without it at::parallel_for is silently serial. The wheel brings its own libgomp.so.1; its folder comes first
# in the run path, so that there is one thread pool.
target_compile_options(hopscope_torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
target_link_libraries(hopscope_torch INTERFACE
    -Wl,--no-as-needed "${torch_dir}/lib/libtorch_cpu.so" "${torch_dir}/lib/libc10.so" -Wl,--as-needed OpenMP::OpenMP_CXX)
set(CMAKE_BUILD_RPATH "${torch_dir}/lib;${HOPSCOPE_DEPS}/python/nvidia/cu13/lib;${HOPSCOPE_DEPS}/debian/usr/lib/x86_64-linux-gnu")
set(CMAKE_INSTALL_RPATH "${CMAKE_BUILD_RPATH}")
