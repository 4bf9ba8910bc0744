# hopscope_torch: LibTorch. Its libraries are linked directly, since TorchConfig.cmake of the CUDA wheel refuses to
# configure without a CUDA toolkit.
if(HOPSCOPE_TORCH_DIR)
    set(torch_dir "${HOPSCOPE_TORCH_DIR}")
else()
    set(torch_dir "${HOPSCOPE_DEPS}/python/torch")
endif()
if(NOT EXISTS "${torch_dir}/lib/libtorch_cpu.so" OR NOT EXISTS "${torch_dir}/include/ATen/ATen.h")
    message(FATAL_ERROR "LibTorch not found in ${torch_dir}. Run scripts/setup, or pass -DHOPSCOPE_TORCH_DIR=DIR "
        "(the folder with include/ and lib/).")
endif()
set(version_file "${torch_dir}/include/torch/headeronly/version.h")
if(EXISTS "${version_file}")
    file(STRINGS "${version_file}" version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR) ")
    string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" torch_version "${version_lines}")
    if(NOT torch_version VERSION_EQUAL 2.11)
        message(WARNING "LibTorch ${torch_version} in ${torch_dir}; hopscope is written for and tested with 2.11.")
    endif()
endif()
find_package(OpenMP REQUIRED COMPONENTS CXX)

add_library(hopscope_torch INTERFACE)
target_include_directories(hopscope_torch SYSTEM INTERFACE
    "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include")
# OpenMP: without it at::parallel_for is silently serial. LibTorch brings its own libgomp, and we link that one, so that
# there is one thread pool.
target_compile_options(hopscope_torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
file(GLOB torch_gomp "${torch_dir}/lib/libgomp*.so*")
if(NOT torch_gomp)
    set(torch_gomp OpenMP::OpenMP_CXX)
endif()
set(torch_libraries "${torch_dir}/lib/libtorch_cpu.so" "${torch_dir}/lib/libc10.so")
set(torch_run_path "${torch_dir}/lib" "${HOPSCOPE_DEPS}/python/nvidia/cu13/lib")

if(HOPSCOPE_CUDA)
    if(NOT EXISTS "${torch_dir}/lib/libtorch_cuda.so")
        message(FATAL_ERROR "LibTorch in ${torch_dir} has no CUDA. Use one built for CUDA 13, or pass -DHOPSCOPE_CUDA=OFF.")
    endif()
    get_filename_component(nvcc_bin "${CMAKE_CUDA_COMPILER}" DIRECTORY)
    get_filename_component(toolkit "${nvcc_bin}" DIRECTORY)
    # The wheel has only the versioned name.
    find_file(HOPSCOPE_CUDART NAMES libcudart.so.13 libcudart.so NO_DEFAULT_PATH
        PATHS "${torch_dir}/lib" "${HOPSCOPE_DEPS}/python/nvidia/cu13/lib" "${toolkit}/lib64" "${toolkit}/lib")
    if(NOT HOPSCOPE_CUDART)
        message(FATAL_ERROR "libcudart.so.13 not found in ${HOPSCOPE_DEPS} or ${toolkit}. Run scripts/setup --cuda.")
    endif()
    list(APPEND torch_libraries
        "${torch_dir}/lib/libtorch_cuda.so" "${torch_dir}/lib/libc10_cuda.so" "${HOPSCOPE_CUDART}")
    foreach(part cudnn nccl cusparselt nvshmem)
        list(APPEND torch_run_path "${HOPSCOPE_DEPS}/python/nvidia/${part}/lib")
    endforeach()
    list(APPEND torch_run_path "${toolkit}/lib64")
    target_include_directories(hopscope_torch SYSTEM INTERFACE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
    target_compile_definitions(hopscope_torch INTERFACE HOPSCOPE_CUDA=1)
    # LibTorch's own needs (cudnn, nccl, …) are looked up when the program starts, not when it is linked.
    target_link_options(hopscope_torch INTERFACE -Wl,--allow-shlib-undefined)
endif()
# As needed would drop libtorch_cuda, which is reached only through its registrations.
target_link_libraries(hopscope_torch INTERFACE
    -Wl,--no-as-needed ${torch_libraries} -Wl,--as-needed ${torch_gomp})

# Before the Debian folder: its libgomp comes second.
list(PREPEND CMAKE_BUILD_RPATH ${torch_run_path})
set(CMAKE_INSTALL_RPATH "${CMAKE_BUILD_RPATH}")
