//go:build amd64

#include "textflag.h"

// AVX2 kernels of FFT. Each does what its twin in fft_kernel.go does, eight values at a time, in
// the same order of operations and without fused multiply-add, so that the bits agree.

// BUTTERFLY reads a, b, c, d (real at SI, imaginary at DI, a quarter R8 bytes apart, R9 = 3*R8)
// and leaves out0 in Y8/Y9, v in Y2/Y3, u in Y6/Y7, t in Y0/Y1.
#define BUTTERFLY \
	VMOVUPS (SI), Y0           \
	VMOVUPS (DI), Y1           \
	VADDPS  (SI)(R8*2), Y0, Y2 \
	VSUBPS  (SI)(R8*2), Y0, Y0 \
	VADDPS  (DI)(R8*2), Y1, Y3 \
	VSUBPS  (DI)(R8*2), Y1, Y1 \
	VMOVUPS (SI)(R8*1), Y4     \
	VMOVUPS (DI)(R8*1), Y5     \
	VADDPS  (SI)(R9*1), Y4, Y6 \
	VSUBPS  (SI)(R9*1), Y4, Y4 \
	VADDPS  (DI)(R9*1), Y5, Y7 \
	VSUBPS  (DI)(R9*1), Y5, Y5 \
	VADDPS  Y6, Y2, Y8         \
	VADDPS  Y7, Y3, Y9         \
	VSUBPS  Y6, Y2, Y2         \
	VSUBPS  Y7, Y3, Y3         \
	VADDPS  Y5, Y0, Y6         \
	VSUBPS  Y4, Y1, Y7         \
	VSUBPS  Y5, Y0, Y0         \
	VADDPS  Y4, Y1, Y1

// TWIDDLE multiplies u, v, t by w1, w2, w3 and leaves the outputs' real parts in Y8, Y4, Y6, Y2
// and their imaginary parts in Y9, Y5, Y7, Y3.
#define TWIDDLE(W1R, W1I, W2R, W2I, W3R, W3I) \
	VMULPS W1R, Y6, Y4 \
	VMULPS W1I, Y7, Y5 \
	VSUBPS Y5, Y4, Y4  \
	VMULPS W1I, Y6, Y6 \
	VMULPS W1R, Y7, Y7 \
	VADDPS Y7, Y6, Y5  \
	VMULPS W2R, Y2, Y6 \
	VMULPS W2I, Y3, Y7 \
	VSUBPS Y7, Y6, Y6  \
	VMULPS W2I, Y2, Y2 \
	VMULPS W2R, Y3, Y3 \
	VADDPS Y3, Y2, Y7  \
	VMULPS W3R, Y0, Y2 \
	VMULPS W3I, Y1, Y3 \
	VSUBPS Y3, Y2, Y2  \
	VMULPS W3I, Y0, Y0 \
	VMULPS W3R, Y1, Y1 \
	VADDPS Y1, Y0, Y3

// func fftPass4AVX2(yr, yi, xr, xi, tw *float32, m, s int)
// s is a multiple of 8.
TEXT ·fftPass4AVX2(SB), NOSPLIT, $0-56
	MOVQ  yr+0(FP), DX
	MOVQ  yi+8(FP), BX
	MOVQ  xr+16(FP), SI
	MOVQ  xi+24(FP), DI
	MOVQ  tw+32(FP), AX
	MOVQ  m+40(FP), CX
	MOVQ  s+48(FP), R10
	SHLQ  $2, R10
	MOVQ  R10, R8
	IMULQ CX, R8
	LEAQ  (R8)(R8*2), R9
	LEAQ  (R10)(R10*2), R11
	MOVQ  CX, R13
	SHLQ  $2, R13
	LEAQ  (R13)(R13*2), R14
	LEAQ  (R13)(R13*4), R15

group:
	VBROADCASTSS (AX), Y10
	VBROADCASTSS (AX)(R13*1), Y11
	VBROADCASTSS (AX)(R13*2), Y12
	VBROADCASTSS (AX)(R14*1), Y13
	VBROADCASTSS (AX)(R13*4), Y14
	VBROADCASTSS (AX)(R15*1), Y15
	MOVQ         R10, R12

inner:
	BUTTERFLY
	TWIDDLE(Y10, Y11, Y12, Y13, Y14, Y15)
	VMOVUPS Y8, (DX)
	VMOVUPS Y9, (BX)
	VMOVUPS Y4, (DX)(R10*1)
	VMOVUPS Y5, (BX)(R10*1)
	VMOVUPS Y6, (DX)(R10*2)
	VMOVUPS Y7, (BX)(R10*2)
	VMOVUPS Y2, (DX)(R11*1)
	VMOVUPS Y3, (BX)(R11*1)
	ADDQ    $32, SI
	ADDQ    $32, DI
	ADDQ    $32, DX
	ADDQ    $32, BX
	SUBQ    $32, R12
	JNZ     inner
	ADDQ    R11, DX
	ADDQ    R11, BX
	ADDQ    $4, AX
	DECQ    CX
	JNZ     group
	VZEROUPPER
	RET

// func fftLast4AVX2(yr, yi, xr, xi *float32, s int)
// s is a multiple of 8; one group, no twiddles.
TEXT ·fftLast4AVX2(SB), NOSPLIT, $0-40
	MOVQ yr+0(FP), DX
	MOVQ yi+8(FP), BX
	MOVQ xr+16(FP), SI
	MOVQ xi+24(FP), DI
	MOVQ s+32(FP), R8
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9
	MOVQ R8, CX

last4:
	BUTTERFLY
	VMOVUPS Y8, (DX)
	VMOVUPS Y9, (BX)
	VMOVUPS Y6, (DX)(R8*1)
	VMOVUPS Y7, (BX)(R8*1)
	VMOVUPS Y2, (DX)(R8*2)
	VMOVUPS Y3, (BX)(R8*2)
	VMOVUPS Y0, (DX)(R9*1)
	VMOVUPS Y1, (BX)(R9*1)
	ADDQ    $32, SI
	ADDQ    $32, DI
	ADDQ    $32, DX
	ADDQ    $32, BX
	SUBQ    $32, CX
	JNZ     last4
	VZEROUPPER
	RET

// func fftFirst4AVX2(yr, yi, xr, xi, tw *float32, m int)
// m is a multiple of 8. Stride 1: the outputs of a butterfly lie side by side, so four vectors
// are transposed before they are stored.
TEXT ·fftFirst4AVX2(SB), NOSPLIT, $0-48
	MOVQ yr+0(FP), DX
	MOVQ yi+8(FP), BX
	MOVQ xr+16(FP), SI
	MOVQ xi+24(FP), DI
	MOVQ tw+32(FP), AX
	MOVQ m+40(FP), R8
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9
	LEAQ (R8)(R8*4), R10
	MOVQ R8, CX

first:
	BUTTERFLY
	TWIDDLE((AX), (AX)(R8*1), (AX)(R8*2), (AX)(R9*1), (AX)(R8*4), (AX)(R10*1))
	VUNPCKLPS    Y4, Y8, Y10
	VUNPCKHPS    Y4, Y8, Y11
	VUNPCKLPS    Y2, Y6, Y12
	VUNPCKHPS    Y2, Y6, Y13
	VUNPCKLPD    Y12, Y10, Y14
	VUNPCKHPD    Y12, Y10, Y15
	VUNPCKLPD    Y13, Y11, Y0
	VUNPCKHPD    Y13, Y11, Y1
	VMOVUPS      X14, (DX)
	VMOVUPS      X15, 16(DX)
	VMOVUPS      X0, 32(DX)
	VMOVUPS      X1, 48(DX)
	VEXTRACTF128 $1, Y14, 64(DX)
	VEXTRACTF128 $1, Y15, 80(DX)
	VEXTRACTF128 $1, Y0, 96(DX)
	VEXTRACTF128 $1, Y1, 112(DX)
	VUNPCKLPS    Y5, Y9, Y10
	VUNPCKHPS    Y5, Y9, Y11
	VUNPCKLPS    Y3, Y7, Y12
	VUNPCKHPS    Y3, Y7, Y13
	VUNPCKLPD    Y12, Y10, Y14
	VUNPCKHPD    Y12, Y10, Y15
	VUNPCKLPD    Y13, Y11, Y0
	VUNPCKHPD    Y13, Y11, Y1
	VMOVUPS      X14, (BX)
	VMOVUPS      X15, 16(BX)
	VMOVUPS      X0, 32(BX)
	VMOVUPS      X1, 48(BX)
	VEXTRACTF128 $1, Y14, 64(BX)
	VEXTRACTF128 $1, Y15, 80(BX)
	VEXTRACTF128 $1, Y0, 96(BX)
	VEXTRACTF128 $1, Y1, 112(BX)
	ADDQ         $32, SI
	ADDQ         $32, DI
	ADDQ         $32, AX
	ADDQ         $128, DX
	ADDQ         $128, BX
	SUBQ         $32, CX
	JNZ          first
	VZEROUPPER
	RET

// func fftSecond4AVX2(yr, yi, xr, xi, tw *float32, m int)
// The pass of stride 4 with an even number m of groups, two at a time; tw has every twiddle four
// times over, in rows of 4m.
TEXT ·fftSecond4AVX2(SB), NOSPLIT, $0-48
	MOVQ yr+0(FP), DX
	MOVQ yi+8(FP), BX
	MOVQ xr+16(FP), SI
	MOVQ xi+24(FP), DI
	MOVQ tw+32(FP), AX
	MOVQ m+40(FP), R8
	SHLQ $4, R8
	LEAQ (R8)(R8*2), R9
	LEAQ (R8)(R8*4), R10
	MOVQ R8, CX

second:
	BUTTERFLY
	TWIDDLE((AX), (AX)(R8*1), (AX)(R8*2), (AX)(R9*1), (AX)(R8*4), (AX)(R10*1))
	VMOVUPS      X8, (DX)
	VMOVUPS      X4, 16(DX)
	VMOVUPS      X6, 32(DX)
	VMOVUPS      X2, 48(DX)
	VEXTRACTF128 $1, Y8, 64(DX)
	VEXTRACTF128 $1, Y4, 80(DX)
	VEXTRACTF128 $1, Y6, 96(DX)
	VEXTRACTF128 $1, Y2, 112(DX)
	VMOVUPS      X9, (BX)
	VMOVUPS      X5, 16(BX)
	VMOVUPS      X7, 32(BX)
	VMOVUPS      X3, 48(BX)
	VEXTRACTF128 $1, Y9, 64(BX)
	VEXTRACTF128 $1, Y5, 80(BX)
	VEXTRACTF128 $1, Y7, 96(BX)
	VEXTRACTF128 $1, Y3, 112(BX)
	ADDQ         $32, SI
	ADDQ         $32, DI
	ADDQ         $32, AX
	ADDQ         $128, DX
	ADDQ         $128, BX
	SUBQ         $32, CX
	JNZ          second
	VZEROUPPER
	RET

// func fftLast2AVX2(yr, yi, xr, xi *float32, s int)
// s is a multiple of 8.
TEXT ·fftLast2AVX2(SB), NOSPLIT, $0-40
	MOVQ yr+0(FP), DX
	MOVQ yi+8(FP), BX
	MOVQ xr+16(FP), SI
	MOVQ xi+24(FP), DI
	MOVQ s+32(FP), R8
	SHLQ $2, R8
	MOVQ R8, CX

last2:
	VMOVUPS (SI), Y0
	VMOVUPS (DI), Y1
	VADDPS  (SI)(R8*1), Y0, Y2
	VSUBPS  (SI)(R8*1), Y0, Y3
	VADDPS  (DI)(R8*1), Y1, Y4
	VSUBPS  (DI)(R8*1), Y1, Y5
	VMOVUPS Y2, (DX)
	VMOVUPS Y3, (DX)(R8*1)
	VMOVUPS Y4, (BX)
	VMOVUPS Y5, (BX)(R8*1)
	ADDQ    $32, SI
	ADDQ    $32, DI
	ADDQ    $32, DX
	ADDQ    $32, BX
	SUBQ    $32, CX
	JNZ     last2
	VZEROUPPER
	RET

// func fftPackAVX2(ar, ai, x *float32, n int)
// n, the length of ar, is a multiple of 8.
TEXT ·fftPackAVX2(SB), NOSPLIT, $0-32
	MOVQ ar+0(FP), DX
	MOVQ ai+8(FP), BX
	MOVQ x+16(FP), SI
	MOVQ n+24(FP), CX

pack:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VSHUFPS $0x88, Y1, Y0, Y2
	VSHUFPS $0xDD, Y1, Y0, Y3
	VPERMPD $0xD8, Y2, Y2
	VPERMPD $0xD8, Y3, Y3
	VMOVUPS Y2, (DX)
	VMOVUPS Y3, (BX)
	ADDQ    $64, SI
	ADDQ    $32, DX
	ADDQ    $32, BX
	SUBQ    $8, CX
	JNZ     pack
	VZEROUPPER
	RET

// func fftPackWindowedAVX2(ar, ai, x, w *float32, n int)
TEXT ·fftPackWindowedAVX2(SB), NOSPLIT, $0-40
	MOVQ ar+0(FP), DX
	MOVQ ai+8(FP), BX
	MOVQ x+16(FP), SI
	MOVQ w+24(FP), DI
	MOVQ n+32(FP), CX

packw:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMULPS  (DI), Y0, Y0
	VMULPS  32(DI), Y1, Y1
	VSHUFPS $0x88, Y1, Y0, Y2
	VSHUFPS $0xDD, Y1, Y0, Y3
	VPERMPD $0xD8, Y2, Y2
	VPERMPD $0xD8, Y3, Y3
	VMOVUPS Y2, (DX)
	VMOVUPS Y3, (BX)
	ADDQ    $64, SI
	ADDQ    $64, DI
	ADDQ    $32, DX
	ADDQ    $32, BX
	SUBQ    $8, CX
	JNZ     packw
	VZEROUPPER
	RET

DATA reverse8<>+0(SB)/4, $7
DATA reverse8<>+4(SB)/4, $6
DATA reverse8<>+8(SB)/4, $5
DATA reverse8<>+12(SB)/4, $4
DATA reverse8<>+16(SB)/4, $3
DATA reverse8<>+20(SB)/4, $2
DATA reverse8<>+24(SB)/4, $1
DATA reverse8<>+28(SB)/4, $0
GLOBL reverse8<>(SB), RODATA|NOPTR, $32

DATA halves<>+0(SB)/4, $0.5
DATA halves<>+4(SB)/4, $-0.5
GLOBL halves<>(SB), RODATA|NOPTR, $8

// SEPARATE reads Z forward at SI/DI and backward at R8/R9 (the lowest of eight), twiddles at
// R10/R11, and leaves X[k] in Y4/Y5 and X[h-k], still ascending in k, in Y6/Y7.
#define SEPARATE \
	VMOVUPS (SI), Y0         \
	VMOVUPS (DI), Y1         \
	VPERMPS (R8), Y15, Y2    \
	VPERMPS (R9), Y15, Y3    \
	VADDPS  Y2, Y0, Y4       \
	VSUBPS  Y3, Y1, Y5       \
	VADDPS  Y3, Y1, Y6       \
	VSUBPS  Y2, Y0, Y7       \
	VMULPS  Y13, Y4, Y4      \
	VMULPS  Y13, Y5, Y5      \
	VMULPS  Y13, Y6, Y6      \
	VMULPS  Y14, Y7, Y7      \
	VMOVUPS (R10), Y8        \
	VMOVUPS (R11), Y9        \
	VMULPS  Y8, Y6, Y10      \
	VMULPS  Y9, Y7, Y11      \
	VSUBPS  Y11, Y10, Y10    \
	VMULPS  Y9, Y6, Y11      \
	VMULPS  Y8, Y7, Y12      \
	VADDPS  Y12, Y11, Y11    \
	VSUBPS  Y10, Y4, Y6      \
	VSUBPS  Y5, Y11, Y7      \
	VADDPS  Y10, Y4, Y4      \
	VADDPS  Y11, Y5, Y5

// func fftSeparateAVX2(re, im, zr, zi, wr, wi *float32, h, count int)
// Bins k = 1..8*count and h-k; count > 0.
TEXT ·fftSeparateAVX2(SB), NOSPLIT, $0-64
	MOVQ         re+0(FP), DX
	MOVQ         im+8(FP), BX
	MOVQ         zr+16(FP), SI
	MOVQ         zi+24(FP), DI
	MOVQ         wr+32(FP), R10
	MOVQ         wi+40(FP), R11
	MOVQ         h+48(FP), AX
	MOVQ         count+56(FP), CX
	LEAQ         -32(SI)(AX*4), R8
	LEAQ         -32(DI)(AX*4), R9
	LEAQ         -32(DX)(AX*4), R12
	LEAQ         -32(BX)(AX*4), R13
	ADDQ         $4, SI
	ADDQ         $4, DI
	ADDQ         $4, DX
	ADDQ         $4, BX
	ADDQ         $4, R10
	ADDQ         $4, R11
	VMOVUPS      reverse8<>(SB), Y15
	VBROADCASTSS halves<>+4(SB), Y14
	VBROADCASTSS halves<>+0(SB), Y13

separate:
	SEPARATE
	VPERMPS Y6, Y15, Y6
	VPERMPS Y7, Y15, Y7
	VMOVUPS Y4, (DX)
	VMOVUPS Y5, (BX)
	VMOVUPS Y6, (R12)
	VMOVUPS Y7, (R13)
	ADDQ    $32, SI
	ADDQ    $32, DI
	ADDQ    $32, DX
	ADDQ    $32, BX
	ADDQ    $32, R10
	ADDQ    $32, R11
	SUBQ    $32, R8
	SUBQ    $32, R9
	SUBQ    $32, R12
	SUBQ    $32, R13
	DECQ    CX
	JNZ     separate
	VZEROUPPER
	RET

// func fftSeparatePowerAVX2(p, zr, zi, wr, wi *float32, h, count int)
TEXT ·fftSeparatePowerAVX2(SB), NOSPLIT, $0-56
	MOVQ         p+0(FP), DX
	MOVQ         zr+8(FP), SI
	MOVQ         zi+16(FP), DI
	MOVQ         wr+24(FP), R10
	MOVQ         wi+32(FP), R11
	MOVQ         h+40(FP), AX
	MOVQ         count+48(FP), CX
	LEAQ         -32(SI)(AX*4), R8
	LEAQ         -32(DI)(AX*4), R9
	LEAQ         -32(DX)(AX*4), R12
	ADDQ         $4, SI
	ADDQ         $4, DI
	ADDQ         $4, DX
	ADDQ         $4, R10
	ADDQ         $4, R11
	VMOVUPS      reverse8<>(SB), Y15
	VBROADCASTSS halves<>+4(SB), Y14
	VBROADCASTSS halves<>+0(SB), Y13

power:
	SEPARATE
	VMULPS  Y4, Y4, Y4
	VMULPS  Y5, Y5, Y5
	VADDPS  Y5, Y4, Y4
	VMULPS  Y6, Y6, Y6
	VMULPS  Y7, Y7, Y7
	VADDPS  Y7, Y6, Y6
	VPERMPS Y6, Y15, Y6
	VMOVUPS Y4, (DX)
	VMOVUPS Y6, (R12)
	ADDQ    $32, SI
	ADDQ    $32, DI
	ADDQ    $32, DX
	ADDQ    $32, R10
	ADDQ    $32, R11
	SUBQ    $32, R8
	SUBQ    $32, R9
	SUBQ    $32, R12
	DECQ    CX
	JNZ     power
	VZEROUPPER
	RET

// func fftJoinAVX2(zr, zi, re, im, wr, wi *float32, h, count int, scale float32)
// The reverse of fftSeparateAVX2, conjugated and scaled: see fftJoinFrom.
TEXT ·fftJoinAVX2(SB), NOSPLIT, $0-68
	MOVQ         zr+0(FP), DX
	MOVQ         zi+8(FP), BX
	MOVQ         re+16(FP), SI
	MOVQ         im+24(FP), DI
	MOVQ         wr+32(FP), R10
	MOVQ         wi+40(FP), R11
	MOVQ         h+48(FP), AX
	MOVQ         count+56(FP), CX
	VBROADCASTSS scale+64(FP), Y13
	LEAQ         -32(SI)(AX*4), R8
	LEAQ         -32(DI)(AX*4), R9
	LEAQ         -32(DX)(AX*4), R12
	LEAQ         -32(BX)(AX*4), R13
	ADDQ         $4, SI
	ADDQ         $4, DI
	ADDQ         $4, DX
	ADDQ         $4, BX
	ADDQ         $4, R10
	ADDQ         $4, R11
	VMOVUPS      reverse8<>(SB), Y15
	VXORPS       Y14, Y14, Y14

join:
	VMOVUPS (SI), Y0
	VMOVUPS (DI), Y1
	VPERMPS (R8), Y15, Y2
	VPERMPS (R9), Y15, Y3
	VADDPS  Y2, Y0, Y4      // eR
	VSUBPS  Y3, Y1, Y5      // eI
	VSUBPS  Y2, Y0, Y6      // dR
	VADDPS  Y3, Y1, Y7      // dI
	VMOVUPS (R10), Y8
	VMOVUPS (R11), Y9
	VMULPS  Y8, Y6, Y10
	VMULPS  Y9, Y7, Y11
	VADDPS  Y11, Y10, Y10   // oR = dR*wr + dI*wi
	VMULPS  Y8, Y7, Y11
	VMULPS  Y9, Y6, Y12
	VSUBPS  Y12, Y11, Y11   // oI = dI*wr - dR*wi
	VSUBPS  Y11, Y4, Y0     // eR - oI
	VADDPS  Y10, Y5, Y1     // eI + oR
	VADDPS  Y11, Y4, Y2     // eR + oI
	VSUBPS  Y5, Y10, Y3     // oR - eI
	VSUBPS  Y1, Y14, Y1
	VSUBPS  Y3, Y14, Y3
	VMULPS  Y13, Y0, Y0
	VMULPS  Y13, Y1, Y1
	VMULPS  Y13, Y2, Y2
	VMULPS  Y13, Y3, Y3
	VPERMPS Y2, Y15, Y2
	VPERMPS Y3, Y15, Y3
	VMOVUPS Y0, (DX)
	VMOVUPS Y1, (BX)
	VMOVUPS Y2, (R12)
	VMOVUPS Y3, (R13)
	ADDQ    $32, SI
	ADDQ    $32, DI
	ADDQ    $32, DX
	ADDQ    $32, BX
	ADDQ    $32, R10
	ADDQ    $32, R11
	SUBQ    $32, R8
	SUBQ    $32, R9
	SUBQ    $32, R12
	SUBQ    $32, R13
	DECQ    CX
	JNZ     join
	VZEROUPPER
	RET

// func fftUnpackAVX2(x, yr, yi *float32, n int)
// x = yr[0], -yi[0], yr[1], -yi[1], ...; n is a multiple of 8.
TEXT ·fftUnpackAVX2(SB), NOSPLIT, $0-32
	MOVQ   x+0(FP), DX
	MOVQ   yr+8(FP), SI
	MOVQ   yi+16(FP), DI
	MOVQ   n+24(FP), CX
	VXORPS Y15, Y15, Y15

unpack:
	VMOVUPS    (SI), Y0
	VSUBPS     (DI), Y15, Y1
	VUNPCKLPS  Y1, Y0, Y2
	VUNPCKHPS  Y1, Y0, Y3
	VPERM2F128 $0x20, Y3, Y2, Y4
	VPERM2F128 $0x31, Y3, Y2, Y5
	VMOVUPS    Y4, (DX)
	VMOVUPS    Y5, 32(DX)
	ADDQ       $32, SI
	ADDQ       $32, DI
	ADDQ       $64, DX
	SUBQ       $8, CX
	JNZ        unpack
	VZEROUPPER
	RET
