//go:build amd64

#include "textflag.h"

// AVX2 kernels of the vector functions. Lane order and order of additions are those of the
// portable twins in vector_kernel.go, so that the bits agree.

// HSUM adds the eight lanes of Y0 into X0: (l, l+4), then (l, l+2), then the pair.
#define HSUM \
	VEXTRACTF128 $1, Y0, X1   \
	VADDPS       X1, X0, X0   \
	VMOVHLPS     X0, X0, X1   \
	VADDPS       X1, X0, X0   \
	VMOVSHDUP    X0, X1       \
	VADDSS       X1, X0, X0

#define JOIN4 \
	VADDPS Y1, Y0, Y0 \
	VADDPS Y3, Y2, Y2 \
	VADDPS Y2, Y0, Y0

#define ZERO4 \
	VXORPS Y0, Y0, Y0 \
	VXORPS Y1, Y1, Y1 \
	VXORPS Y2, Y2, Y2 \
	VXORPS Y3, Y3, Y3

// func dotAVX2(a, b *float32, n int) float32
// n is a multiple of 8.
TEXT ·dotAVX2(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ n+16(FP), CX
	ZERO4

dot32:
	CMPQ    CX, $32
	JLT     dot8
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVUPS 64(SI), Y6
	VMOVUPS 96(SI), Y7
	VMULPS  (DI), Y4, Y4
	VMULPS  32(DI), Y5, Y5
	VMULPS  64(DI), Y6, Y6
	VMULPS  96(DI), Y7, Y7
	VADDPS  Y4, Y0, Y0
	VADDPS  Y5, Y1, Y1
	VADDPS  Y6, Y2, Y2
	VADDPS  Y7, Y3, Y3
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JMP     dot32

dot8:
	TESTQ   CX, CX
	JZ      dotdone
	VMOVUPS (SI), Y4
	VMULPS  (DI), Y4, Y4
	VADDPS  Y4, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     dot8

dotdone:
	JOIN4
	HSUM
	VZEROUPPER
	VMOVSS X0, ret+24(FP)
	RET

// func sumAVX2(a *float32, n int) float32
TEXT ·sumAVX2(SB), NOSPLIT, $0-20
	MOVQ a+0(FP), SI
	MOVQ n+8(FP), CX
	ZERO4

sum32:
	CMPQ   CX, $32
	JLT    sum8
	VADDPS (SI), Y0, Y0
	VADDPS 32(SI), Y1, Y1
	VADDPS 64(SI), Y2, Y2
	VADDPS 96(SI), Y3, Y3
	ADDQ   $128, SI
	SUBQ   $32, CX
	JMP    sum32

sum8:
	TESTQ  CX, CX
	JZ     sumdone
	VADDPS (SI), Y0, Y0
	ADDQ   $32, SI
	SUBQ   $8, CX
	JMP    sum8

sumdone:
	JOIN4
	HSUM
	VZEROUPPER
	VMOVSS X0, ret+16(FP)
	RET

// func spreadAVX2(w, a *float32, n int, c float32) float32
// Sum of w*(a-c)*(a-c).
TEXT ·spreadAVX2(SB), NOSPLIT, $0-36
	MOVQ         w+0(FP), SI
	MOVQ         a+8(FP), DI
	MOVQ         n+16(FP), CX
	VBROADCASTSS c+24(FP), Y15
	ZERO4

spread32:
	CMPQ    CX, $32
	JLT     spread8
	VMOVUPS (DI), Y4
	VMOVUPS 32(DI), Y5
	VMOVUPS 64(DI), Y6
	VMOVUPS 96(DI), Y7
	VSUBPS  Y15, Y4, Y4
	VSUBPS  Y15, Y5, Y5
	VSUBPS  Y15, Y6, Y6
	VSUBPS  Y15, Y7, Y7
	VMULPS  Y4, Y4, Y4
	VMULPS  Y5, Y5, Y5
	VMULPS  Y6, Y6, Y6
	VMULPS  Y7, Y7, Y7
	VMULPS  (SI), Y4, Y4
	VMULPS  32(SI), Y5, Y5
	VMULPS  64(SI), Y6, Y6
	VMULPS  96(SI), Y7, Y7
	VADDPS  Y4, Y0, Y0
	VADDPS  Y5, Y1, Y1
	VADDPS  Y6, Y2, Y2
	VADDPS  Y7, Y3, Y3
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JMP     spread32

spread8:
	TESTQ   CX, CX
	JZ      spreaddone
	VMOVUPS (DI), Y4
	VSUBPS  Y15, Y4, Y4
	VMULPS  Y4, Y4, Y4
	VMULPS  (SI), Y4, Y4
	VADDPS  Y4, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     spread8

spreaddone:
	JOIN4
	HSUM
	VZEROUPPER
	VMOVSS X0, ret+32(FP)
	RET

// func riseAVX2(a, b *float32, n int) float32
// Sum of max(0, a-b).
TEXT ·riseAVX2(SB), NOSPLIT, $0-28
	MOVQ   a+0(FP), SI
	MOVQ   b+8(FP), DI
	MOVQ   n+16(FP), CX
	VXORPS Y15, Y15, Y15
	ZERO4

rise32:
	CMPQ    CX, $32
	JLT     rise8
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVUPS 64(SI), Y6
	VMOVUPS 96(SI), Y7
	VSUBPS  (DI), Y4, Y4
	VSUBPS  32(DI), Y5, Y5
	VSUBPS  64(DI), Y6, Y6
	VSUBPS  96(DI), Y7, Y7
	VMAXPS  Y15, Y4, Y4
	VMAXPS  Y15, Y5, Y5
	VMAXPS  Y15, Y6, Y6
	VMAXPS  Y15, Y7, Y7
	VADDPS  Y4, Y0, Y0
	VADDPS  Y5, Y1, Y1
	VADDPS  Y6, Y2, Y2
	VADDPS  Y7, Y3, Y3
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JMP     rise32

rise8:
	TESTQ   CX, CX
	JZ      risedone
	VMOVUPS (SI), Y4
	VSUBPS  (DI), Y4, Y4
	VMAXPS  Y15, Y4, Y4
	VADDPS  Y4, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JMP     rise8

risedone:
	JOIN4
	HSUM
	VZEROUPPER
	VMOVSS X0, ret+24(FP)
	RET

DATA absmask<>+0(SB)/4, $0x7fffffff
GLOBL absmask<>(SB), RODATA|NOPTR, $4

// func maxAbsAVX2(a *float32, n int) float32
// NaN counts as nothing: VMAXPS gives its second source, the running maximum.
TEXT ·maxAbsAVX2(SB), NOSPLIT, $0-20
	MOVQ         a+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSS absmask<>(SB), Y15
	VXORPS       Y0, Y0, Y0

maxabs8:
	VANDPS (SI), Y15, Y4
	VMAXPS Y0, Y4, Y0
	ADDQ   $32, SI
	SUBQ   $8, CX
	JNZ    maxabs8

	VEXTRACTF128 $1, Y0, X1
	VMAXPS       X1, X0, X0
	VMOVHLPS     X0, X0, X1
	VMAXPS       X1, X0, X0
	VMOVSHDUP    X0, X1
	VMAXSS       X1, X0, X0
	VZEROUPPER
	VMOVSS       X0, ret+16(FP)
	RET

DATA infinity<>+0(SB)/4, $0x7f800000
DATA infinity<>+4(SB)/4, $0xff800000
GLOBL infinity<>(SB), RODATA|NOPTR, $8

// func minMaxAVX2(a *float32, n int) (lo, hi float32)
// NaN counts as nothing: both give their second source, the running value.
TEXT ·minMaxAVX2(SB), NOSPLIT, $0-24
	MOVQ         a+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSS infinity<>+0(SB), Y0
	VBROADCASTSS infinity<>+4(SB), Y1

minmax8:
	VMOVUPS (SI), Y4
	VMINPS  Y0, Y4, Y0
	VMAXPS  Y1, Y4, Y1
	ADDQ    $32, SI
	SUBQ    $8, CX
	JNZ     minmax8

	VEXTRACTF128 $1, Y0, X2
	VMINPS       X2, X0, X0
	VMOVHLPS     X0, X0, X2
	VMINPS       X2, X0, X0
	VMOVSHDUP    X0, X2
	VMINSS       X2, X0, X0
	VEXTRACTF128 $1, Y1, X2
	VMAXPS       X2, X1, X1
	VMOVHLPS     X1, X1, X2
	VMAXPS       X2, X1, X1
	VMOVSHDUP    X1, X2
	VMAXSS       X2, X1, X1
	VZEROUPPER
	VMOVSS       X0, lo+16(FP)
	VMOVSS       X1, hi+20(FP)
	RET

// func sqrtAVX2(dst, a *float32, n int)
TEXT ·sqrtAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX

sqrt8:
	VSQRTPS (SI), Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     sqrt8
	VZEROUPPER
	RET

// func atLeastAVX2(dst, a *float32, n int, floor float32)
TEXT ·atLeastAVX2(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         a+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS floor+24(FP), Y15

atleast8:
	VMOVUPS (SI), Y0
	VMAXPS  Y15, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     atleast8
	VZEROUPPER
	RET

// func mulAVX2(dst, a, b *float32, n int)
TEXT ·mulAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX

mul8:
	VMOVUPS (SI), Y0
	VMULPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     mul8
	VZEROUPPER
	RET

// func axpyAVX2(dst *float32, gain float32, a *float32, n int)
TEXT ·axpyAVX2(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	VBROADCASTSS gain+8(FP), Y15
	MOVQ         a+16(FP), SI
	MOVQ         n+24(FP), CX

axpy8:
	VMULPS  (SI), Y15, Y0
	VADDPS  (DI), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     axpy8
	VZEROUPPER
	RET

// Constants of the logarithm, each once; see logOne in vector_kernel.go.
DATA logc<>+0(SB)/4, $0x3f3504f3
DATA logc<>+4(SB)/4, $0x007fffff
DATA logc<>+8(SB)/4, $0x3f800000
DATA logc<>+12(SB)/4, $7.0376836292e-2
DATA logc<>+16(SB)/4, $-1.1514610310e-1
DATA logc<>+20(SB)/4, $1.1676998740e-1
DATA logc<>+24(SB)/4, $-1.2420140846e-1
DATA logc<>+28(SB)/4, $1.4249322787e-1
DATA logc<>+32(SB)/4, $-1.6668057665e-1
DATA logc<>+36(SB)/4, $2.0000714765e-1
DATA logc<>+40(SB)/4, $-2.4999993993e-1
DATA logc<>+44(SB)/4, $3.3333331174e-1
DATA logc<>+48(SB)/4, $-2.12194440e-4
DATA logc<>+52(SB)/4, $0.693359375
DATA logc<>+56(SB)/4, $0.5
GLOBL logc<>(SB), RODATA|NOPTR, $60

#define POLY(C) \
	VBROADCASTSS C, Y7     \
	VMULPS       Y4, Y5, Y5 \
	VADDPS       Y7, Y5, Y5

// func logAVX2(dst, a *float32, n int, scale, bias, floor float32)
// dst = ln(max(a*scale + bias, floor)).
TEXT ·logAVX2(SB), NOSPLIT, $0-36
	MOVQ         dst+0(FP), DI
	MOVQ         a+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y15
	VBROADCASTSS bias+28(FP), Y14
	VBROADCASTSS floor+32(FP), Y13
	VBROADCASTSS logc<>+0(SB), Y12
	VBROADCASTSS logc<>+4(SB), Y11
	VBROADCASTSS logc<>+8(SB), Y10

log8:
	VMULPS    (SI), Y15, Y0
	VADDPS    Y14, Y0, Y0
	VMAXPS    Y13, Y0, Y0
	VPSUBD    Y12, Y0, Y1     // i = bits - sqrt(1/2)
	VPSRAD    $23, Y1, Y2     // exponent
	VPAND     Y11, Y1, Y3
	VPADDD    Y12, Y3, Y3     // mantissa in sqrt(1/2)..sqrt(2)
	VSUBPS    Y10, Y3, Y4     // f = m - 1
	VCVTDQ2PS Y2, Y2          // e

	VBROADCASTSS logc<>+12(SB), Y5
	POLY(logc<>+16(SB))
	POLY(logc<>+20(SB))
	POLY(logc<>+24(SB))
	POLY(logc<>+28(SB))
	POLY(logc<>+32(SB))
	POLY(logc<>+36(SB))
	POLY(logc<>+40(SB))
	POLY(logc<>+44(SB))
	VMULPS       Y4, Y4, Y6   // z = f*f
	VMULPS       Y4, Y5, Y5
	VMULPS       Y6, Y5, Y5   // f*z*P
	VBROADCASTSS logc<>+48(SB), Y7
	VMULPS       Y7, Y2, Y7
	VADDPS       Y7, Y5, Y5
	VBROADCASTSS logc<>+56(SB), Y7
	VMULPS       Y7, Y6, Y6
	VSUBPS       Y6, Y5, Y5
	VADDPS       Y5, Y4, Y5
	VBROADCASTSS logc<>+52(SB), Y7
	VMULPS       Y7, Y2, Y7
	VADDPS       Y7, Y5, Y5
	VMOVUPS      Y5, (DI)
	ADDQ         $32, SI
	ADDQ         $32, DI
	SUBQ         $8, CX
	JNZ          log8
	VZEROUPPER
	RET

// func bankAVX2(dst, x, weights *float32, spans *int32, rows int)
// spans holds per row the first bin and the number of eights.
TEXT ·bankAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), DX
	MOVQ weights+16(FP), SI
	MOVQ spans+24(FP), BX
	MOVQ rows+32(FP), CX

bankrow:
	MOVLQSX (BX), AX
	MOVLQSX 4(BX), R8
	LEAQ    (DX)(AX*4), R9
	ZERO4

bank32:
	CMPQ    R8, $4
	JLT     bank8
	VMOVUPS (R9), Y4
	VMOVUPS 32(R9), Y5
	VMOVUPS 64(R9), Y6
	VMOVUPS 96(R9), Y7
	VMULPS  (SI), Y4, Y4
	VMULPS  32(SI), Y5, Y5
	VMULPS  64(SI), Y6, Y6
	VMULPS  96(SI), Y7, Y7
	VADDPS  Y4, Y0, Y0
	VADDPS  Y5, Y1, Y1
	VADDPS  Y6, Y2, Y2
	VADDPS  Y7, Y3, Y3
	ADDQ    $128, R9
	ADDQ    $128, SI
	SUBQ    $4, R8
	JMP     bank32

bank8:
	TESTQ   R8, R8
	JZ      bankdone
	VMOVUPS (R9), Y4
	VMULPS  (SI), Y4, Y4
	VADDPS  Y4, Y0, Y0
	ADDQ    $32, R9
	ADDQ    $32, SI
	DECQ    R8
	JMP     bank8

bankdone:
	JOIN4
	HSUM
	VMOVSS  X0, (DI)
	ADDQ    $4, DI
	ADDQ    $8, BX
	DECQ    CX
	JNZ     bankrow
	VZEROUPPER
	RET

// func signChangesAVX2(a *float32, n int, floor float32) int
// Counts i in 0..n-1 where (a[i] < -floor) differs from (a[i-1] < -floor); a[-1] is read.
TEXT ·signChangesAVX2(SB), NOSPLIT, $0-32
	MOVQ         a+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSS floor+16(FP), Y15
	VXORPS       Y1, Y1, Y1
	VSUBPS       Y15, Y1, Y15
	XORQ         AX, AX

signs:
	VMOVUPS   (SI), Y0
	VMOVUPS   -4(SI), Y1
	VCMPPS    $1, Y15, Y0, Y0
	VCMPPS    $1, Y15, Y1, Y1
	VXORPS    Y1, Y0, Y0
	VMOVMSKPS Y0, R8
	POPCNTL   R8, R8
	ADDQ      R8, AX
	ADDQ      $32, SI
	SUBQ      $8, CX
	JNZ       signs
	VZEROUPPER
	MOVQ      AX, ret+24(FP)
	RET

// func firMaxAVX2(x, h *float32, n, taps int) float32
// Largest |sum over k of h[k] x[i+k]| for i in 0..n-1; n is a multiple of 32.
TEXT ·firMaxAVX2(SB), NOSPLIT, $0-36
	MOVQ         x+0(FP), SI
	MOVQ         h+8(FP), DX
	MOVQ         n+16(FP), CX
	MOVQ         taps+24(FP), R8
	VBROADCASTSS absmask<>(SB), Y15
	VXORPS       Y14, Y14, Y14

firblock:
	ZERO4
	MOVQ SI, R9
	MOVQ DX, R10
	MOVQ R8, R11

firtap:
	VBROADCASTSS (R10), Y8
	VMULPS       (R9), Y8, Y4
	VMULPS       32(R9), Y8, Y5
	VMULPS       64(R9), Y8, Y6
	VMULPS       96(R9), Y8, Y7
	VADDPS       Y4, Y0, Y0
	VADDPS       Y5, Y1, Y1
	VADDPS       Y6, Y2, Y2
	VADDPS       Y7, Y3, Y3
	ADDQ         $4, R9
	ADDQ         $4, R10
	DECQ         R11
	JNZ          firtap
	VANDPS       Y15, Y0, Y0
	VANDPS       Y15, Y1, Y1
	VANDPS       Y15, Y2, Y2
	VANDPS       Y15, Y3, Y3
	VMAXPS       Y14, Y0, Y14
	VMAXPS       Y14, Y1, Y14
	VMAXPS       Y14, Y2, Y14
	VMAXPS       Y14, Y3, Y14
	ADDQ         $128, SI
	SUBQ         $32, CX
	JNZ          firblock
	VMOVAPS      Y14, Y0

	VEXTRACTF128 $1, Y0, X1
	VMAXPS       X1, X0, X0
	VMOVHLPS     X0, X0, X1
	VMAXPS       X1, X0, X0
	VMOVSHDUP    X0, X1
	VMAXSS       X1, X0, X0
	VZEROUPPER
	VMOVSS       X0, ret+32(FP)
	RET

// func polyphaseAVX2(dst, x, table *float32, n, phase, rows, whole, part int)
TEXT ·polyphaseAVX2(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ table+16(FP), BX
	MOVQ n+24(FP), CX
	MOVQ phase+32(FP), R8
	MOVQ rows+40(FP), R9
	MOVQ whole+48(FP), R10
	MOVQ part+56(FP), R11
	LEAQ 1(R10), R12

poly:
	LEAQ         (R8)(R8*2), AX
	SHLQ         $5, AX    // a row is 96 bytes
	VMOVUPS      (SI), Y0
	VMOVUPS      32(SI), Y1
	VMOVUPS      64(SI), Y2
	VMULPS       (BX)(AX*1), Y0, Y0
	VMULPS       32(BX)(AX*1), Y1, Y1
	VMULPS       64(BX)(AX*1), Y2, Y2
	VADDPS       Y1, Y0, Y0
	VADDPS       Y2, Y0, Y0
	HSUM
	VMOVSS       X0, (DI)
	ADDQ         $4, DI
	MOVQ         R10, DX
	ADDQ         R11, R8
	MOVQ         R8, R13
	SUBQ         R9, R13
	CMOVQCC      R13, R8   // phase passed rows: take it off and go one further
	CMOVQCC      R12, DX
	LEAQ         (SI)(DX*4), SI
	DECQ         CX
	JNZ          poly
	VZEROUPPER
	RET

DATA doubled<>+0(SB)/4, $0
DATA doubled<>+4(SB)/4, $0
DATA doubled<>+8(SB)/4, $1
DATA doubled<>+12(SB)/4, $1
DATA doubled<>+16(SB)/4, $2
DATA doubled<>+20(SB)/4, $2
DATA doubled<>+24(SB)/4, $3
DATA doubled<>+28(SB)/4, $3
DATA doubled<>+32(SB)/4, $4
DATA doubled<>+36(SB)/4, $4
DATA doubled<>+40(SB)/4, $5
DATA doubled<>+44(SB)/4, $5
DATA doubled<>+48(SB)/4, $6
DATA doubled<>+52(SB)/4, $6
DATA doubled<>+56(SB)/4, $7
DATA doubled<>+60(SB)/4, $7
GLOBL doubled<>(SB), RODATA|NOPTR, $64

#define TAPS8(N) \
	VMOVUPS (N*32)(BX), Y4       \
	VMOVUPS (128+N*32)(BX), Y5   \
	VSUBPS  Y4, Y5, Y5           \
	VMULPS  Y15, Y5, Y5          \
	VADDPS  Y5, Y4, Y4           \
	VPERMPS Y4, Y14, Y5          \
	VPERMPS Y4, Y13, Y6          \
	VMULPS  (N*64)(SI), Y5, Y5   \
	VMULPS  (32+N*64)(SI), Y6, Y6 \
	VADDPS  Y5, Y0, Y0           \
	VADDPS  Y6, Y1, Y1

// func stereoTapsAVX2(x *[64]float32, rows *float32, w float32) (left, right float32)
TEXT ·stereoTapsAVX2(SB), NOSPLIT, $0-32
	MOVQ         x+0(FP), SI
	MOVQ         rows+8(FP), BX
	VBROADCASTSS w+16(FP), Y15
	VMOVUPS      doubled<>+0(SB), Y14
	VMOVUPS      doubled<>+32(SB), Y13
	VXORPS       Y0, Y0, Y0
	VXORPS       Y1, Y1, Y1
	TAPS8(0)
	TAPS8(1)
	TAPS8(2)
	TAPS8(3)
	VADDPS       Y1, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VMOVHLPS     X0, X0, X1
	VADDPS       X1, X0, X0
	VMOVSHDUP    X0, X1
	VZEROUPPER
	MOVSS        X0, left+24(FP)
	MOVSS        X1, right+28(FP)
	RET
