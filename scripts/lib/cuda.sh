# The CUDA compiler and the CUDA libraries that LibTorch loads: found, or brought as wheels. Sourced by scripts/setup.
# shellcheck shell=bash

nvcc_version() { "$1" --version 2>/dev/null | sed -nE 's/.*release ([0-9.]+),.*/\1/p'; }
# The newest place wins only if its version will do: 12.8 is the first whose compiler takes LibTorch 2.11's headers.
find_nvcc() {
    local candidate version
    for candidate in "${CUDACXX:-}" "${CUDA_HOME:+$CUDA_HOME/bin/nvcc}" "$(command -v nvcc || true)" /usr/local/cuda/bin/nvcc \
        "$python_dir/nvidia/cu13/bin/nvcc"; do
        [[ -n $candidate && -x $candidate ]] || continue
        version=$(nvcc_version "$candidate")
        if [[ $(printf '%s\n' 12.8 "$version" | sort -V | head -1) == 12.8 ]]; then
            echo "$candidate"
            return 0
        fi
        say "note: $candidate is CUDA $version, too old (12.8 is needed)"
    done
    return 1
}

# soname → wheel
declare -A cuda_wheel=(
    [libcublas.so]=nvidia-cublas [libcublasLt.so]=nvidia-cublas [libcudnn.so]=nvidia-cudnn-cu13 [libnccl.so]=nvidia-nccl-cu13
    [libcusparseLt.so]=nvidia-cusparselt-cu13 [libnvshmem_host.so]=nvidia-nvshmem-cu13 [libcufile.so]=nvidia-cufile
    [libcufft.so]=nvidia-cufft [libcurand.so]=nvidia-curand [libcusolver.so]=nvidia-cusolver
    [libcusparse.so]=nvidia-cusparse [libnvJitLink.so]=nvidia-nvjitlink [libnvrtc.so]=nvidia-cuda-nvrtc
    [libnvToolsExt.so]=nvidia-nvtx [libcudart.so]=nvidia-cuda-runtime [libcupti.so]=nvidia-cuda-cupti)

# The CUDA libraries that LibTorch asks for and this machine does not have.
missing_cuda_wheels() {
    local torch_dir=$1 toolkit=$2 soname name
    ldd_with_toolkit "$torch_dir" "$toolkit" | sed -nE 's/^\s*(\S+) => not found/\1/p' | sort -u | while read -r soname; do
        [[ $soname == libcuda.so* ]] && continue
        name=${cuda_wheel[${soname%.so*}.so]:-}
        if [[ -n $name ]]; then echo "$name"; else say "note: LibTorch asks for $soname, which this machine lacks"; fi
    done | sort -u
}
ldd_with_toolkit() {
    local parts part libraries=""
    parts=(cudnn nccl cusparselt nvshmem cu13)
    for part in "${parts[@]}"; do libraries+="$python_dir/nvidia/$part/lib:"; done
    LD_LIBRARY_PATH="$libraries$2/lib64:$2/lib:$2/extras/CUPTI/lib64" ldd "$1/lib/libtorch_cuda.so" "$1/lib/libtorch_cuda_linalg.so" 2>/dev/null
}

bring_nvcc() {
    nvcc=$(find_nvcc) && return 0
    say "no CUDA toolkit found: bringing the compiler"
    # The last three for their headers, which LibTorch's own ask for.
    wheels requirements-cuda.txt nvidia-cuda-nvcc nvidia-nvvm nvidia-cuda-crt nvidia-cuda-cccl \
        nvidia-cublas nvidia-cusparse nvidia-cusolver
    wheels requirements.txt nvidia-cuda-runtime
    nvcc="$python_dir/nvidia/cu13/bin/nvcc"
    # The compiler looks for its libraries in lib64, the wheels have lib.
    ln -sfn lib "$python_dir/nvidia/cu13/lib64"
    chmod +x "$python_dir"/nvidia/cu13/bin/* "$python_dir"/nvidia/cu13/nvvm/bin/*
}

setup_cuda() {
    local toolkit names
    bring_nvcc
    toolkit=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
    # Libraries brought for one library may need another one in turn (cusolver: cusparse).
    local round
    for round in 1 2 3; do
        mapfile -t names < <(missing_cuda_wheels "${torch:-$python_dir/torch}" "$toolkit")
        ((${#names[@]})) || break
        local extra=() base=() name
        for name in "${names[@]}"; do
            if grep -qE "^$name==" "$here/requirements.txt"; then base+=("$name"); else extra+=("$name"); fi
        done
        ((${#base[@]} == 0)) || wheels requirements.txt "${base[@]}"
        ((${#extra[@]} == 0)) || wheels requirements-cuda.txt "${extra[@]}"
    done
    ((${#names[@]} == 0)) || fail "these CUDA libraries are still missing: ${names[*]}"
}
